/** Numbers as people read them. A metric that does not exist is a dash. */

export function percent(share: number | null): string {
  return share === null ? "–" : (100 * share).toFixed(2);
}

export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (value: number): string => String(value).padStart(2, "0");
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
}

export function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

export function decimal(value: number, places = 2): string {
  return String(Number(value.toFixed(places)));
}
