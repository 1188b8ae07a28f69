/** Asking the kernel for pages. Only the newest question's answer counts, and a busy kernel is noticed. */

const PATIENCE_MS = 700;

/** What a widget's model offers for it. */
export interface Mailbox {
  send: (content: unknown) => void;
  on: (name: "msg:custom", receive: (message: Answer) => void) => void;
  off: (name: "msg:custom", receive: (message: Answer) => void) => void;
}
export interface Answer {
  kind: string;
  id: number;
  text?: string;
  total?: number;
}
export interface Receiver<A> {
  answered: (answer: A) => void;
  failed: (text: string) => void;
  /** No answer has come for a while. It may still come. */
  waiting: () => void;
}
export interface Asker<A> {
  ask: (question: object, receive: Receiver<A>) => void;
  /** Pay no heed to the answer that is under way. */
  forget: () => void;
  close: () => void;
}
interface Pending<A> {
  id: number;
  receive: Receiver<A>;
  timer: ReturnType<typeof setTimeout>;
}

// Every page that shows this widget hears all answers, so ids begin at random. Numbers, because ipykernel 7.4 keeps a
// list of answers whose id is a text.
let lastId = Math.floor(Math.random() * 2 ** 31) * 2 ** 20;

export function asker<A extends Answer>(mailbox: Mailbox, patience = PATIENCE_MS): Asker<A> {
  let pending: Pending<A> | null = null;
  const forget = (): void => {
    clearTimeout(pending?.timer);
    pending = null;
  };
  const listen = (message: Answer): void => {
    if (!pending || message.id !== pending.id) return;
    const { receive } = pending;
    forget();
    if (message.kind === "error") receive.failed(message.text ?? "the kernel could not answer");
    else receive.answered(message as A);
  };
  mailbox.on("msg:custom", listen);
  return {
    ask(question, receive) {
      forget();
      const id = ++lastId;
      pending = { id, receive, timer: setTimeout(receive.waiting, patience) };
      try {
        mailbox.send({ ...question, id });
      } catch {
        forget();
        receive.failed("no kernel is there to answer");
      }
    },
    forget,
    close() {
      forget();
      mailbox.off("msg:custom", listen);
    },
  };
}
