/** What a client says that it sent, of what can be seen. */
export interface Sent {
  /** Records that are not part of an aborted or open transaction. */
  visible: number;
  /** Of these, the ones that are events. */
  events: number;
  /** Of these, the ones without a value. */
  not_json?: number;
  /** Of these, the ones without a timestamp. */
  no_record_time?: number;
}

/** The sum of what several clients sent. */
export function sum(sent: readonly Sent[]): Sent {
  const total = (name: keyof Sent) => sent.reduce((count, one) => count + (one[name] ?? 0), 0);
  return {
    visible: total("visible"),
    events: total("events"),
    not_json: total("not_json"),
    no_record_time: total("no_record_time"),
  };
}
