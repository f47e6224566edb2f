import type { KeyField } from "../../events/event.ts";
import type { PaneEvents } from "./pane-events.ts";
import type { SessionShape } from "./session-shape.ts";

/** What is kept of a session that may still go on. */
export interface Session {
  readonly id: string;
  readonly firstMs: number;
  lastMs: number;
  events: number;
  /** In the order of the shape's `counted`. */
  readonly counts: number[];
  /** In the order of the shape's `first`, `last` and `distinct`. */
  readonly first: readonly string[];
  last: string[];
  readonly distinct: readonly Set<string>[];
  /** What it takes in memory, about. */
  bytes: number;
}

/** An object, its arrays and sets while they are small. */
const SESSION_BYTES = 600;
/** A place in a set and the head of a string. */
const TEXT_BYTES = 56;

/** What a text takes in memory as one of a set, about. */
export const textBytes = (text: string): number => TEXT_BYTES + 2 * text.length;

/** What a session of these texts takes in memory, about, before it has distinct ones. */
export function sessionBytes(id: string, first: readonly string[], last: readonly string[]): number {
  return [id, ...first, ...last].reduce((total, text) => total + textBytes(text), SESSION_BYTES);
}

/** Adds the events of one pane to sessions. Texts that are kept are shared among panes by `share`. */
export class SessionFolder {
  private readonly shape: SessionShape;
  private readonly pane: PaneEvents;
  private readonly share: (text: string) => string;
  private readonly counted: readonly { readonly ids: Int32Array; readonly id: number }[];

  constructor(shape: SessionShape, pane: PaneEvents, share: (text: string) => string) {
    this.shape = shape;
    this.pane = pane;
    this.share = share;
    this.counted = shape.counted.map(({ field, value }) => {
      const f = this.place(field);
      return { ids: pane.ids[f] as Int32Array, id: (pane.texts[f] as string[]).indexOf(value) };
    });
  }

  /** The text of an event's field. */
  text(field: KeyField, event: number): string {
    const f = this.place(field);
    return (this.pane.texts[f] as string[])[(this.pane.ids[f] as Int32Array)[event] as number] as string;
  }

  /** The pages of these events, one after the other. */
  *pages(events: Int32Array): Generator<string> {
    const page = this.place("url");
    const [ids, texts] = [this.pane.ids[page] as Int32Array, this.pane.texts[page] as string[]];
    for (const event of events) yield texts[ids[event] as number] as string;
  }

  /** A session without events so far that begins with this one. */
  begin(event: number): Session {
    const id = this.text("session_id", event);
    const firstMs = this.pane.timeMs[event] as number;
    const first = this.shape.first.map((field) => this.share(this.text(field, event)));
    return {
      id,
      firstMs,
      lastMs: firstMs,
      events: 0,
      counts: this.shape.counted.map(() => 0),
      first,
      last: [],
      distinct: this.shape.distinct.map(() => new Set()),
      bytes: sessionBytes(id, first, first),
    };
  }

  /** Adds events that follow those of the session, in their order. */
  add(session: Session, events: Int32Array): void {
    const last = events[events.length - 1] as number;
    session.lastMs = this.pane.timeMs[last] as number;
    session.last = this.shape.last.map((field) => this.share(this.text(field, last)));
    session.events += events.length;
    this.counted.forEach(({ ids, id }, index) => {
      let matching = 0;
      for (let i = 0; i < events.length; i++) if (ids[events[i] as number] === id) matching++;
      session.counts[index] = (session.counts[index] as number) + matching;
    });
    this.shape.distinct.forEach((field, index) => {
      this.addDistinct(session, session.distinct[index] as Set<string>, this.place(field), events);
    });
  }

  private addDistinct(session: Session, known: Set<string>, f: number, events: Int32Array): void {
    const ids = this.pane.ids[f] as Int32Array;
    const texts = this.pane.texts[f] as string[];
    let before = -1;
    for (const event of events) {
      const id = ids[event] as number;
      if (id === before) continue;
      before = id;
      const text = texts[id] as string;
      if (known.has(text)) continue;
      known.add(this.share(text));
      session.bytes += textBytes(text);
    }
  }

  private place(field: KeyField): number {
    return this.shape.fields.indexOf(field);
  }
}
