/** The run's folder as a link: into JupyterLab's own list of files where the folder lies below the server's root. */

import { h } from "./dom.ts";
import { changing, type Part } from "./run_facts.ts";
import { hasEnded } from "./run_state.ts";

interface Config {
  baseUrl?: string;
  serverRoot?: string;
}

export function folderLine(handle: string): Part {
  const root = h("div", { class: "ft-folder", "data-testid": "folder" });
  return changing(
    root,
    ({ folder, place, state }) => ({ folder, place, state }),
    ({ folder, place, state }) => {
      // Mostly the saved HTML takes this view's place in the end, with the evaluation; not on a page that was reloaded.
      const report = hasEnded({ state }) ? [" · ", h("code", {}, `%ft report ${handle}`), " shows the evaluation"] : [];
      root.replaceChildren(...(folder ? ["Everything is in ", link(folder, place), ...report] : report));
    },
  );
}

function link(folder: string, place: string): Node | string {
  const config: Config = JSON.parse(document.getElementById("jupyter-config-data")?.textContent || "{}");
  const path = below(place, config.serverRoot ?? "");
  if (path === null || config.baseUrl === undefined) return folder;
  const href = `${config.baseUrl}lab/tree/${path.split("/").map(encodeURIComponent).join("/")}`;
  return h("a", { href, target: "_blank", rel: "noopener" }, folder);
}

/** A path from the server's root, which may be said from the home folder; null for one that does not lie there. */
export function below(place: string, root: string): string | null {
  const home = /^\/(?:root|(?:home|Users)\/[^/]+)(?=\/|$)/;
  const [from, path] = root.startsWith("~") ? [root, place.replace(home, "~")] : [root, place];
  if (from === "") return null;
  const start = from.endsWith("/") ? from : `${from}/`;
  return path.startsWith(start) ? path.slice(start.length) : null;
}
