import type { Notification } from "./notification.ts";

/**
 * Where notifications go. `send` is called with one at a time, in the order of the changes, again and again with the same
 * one until it resolves, and once more after a crash that came before that was noted: receivers drop repeats by its id.
 */
export interface AlertSink {
  /** Names it in the state: log, webhook, topic. */
  readonly name: string;
  /**
   * Resolves when it has been taken.
   * @throws RefusedNotification when it never will be; anything else is tried again
   */
  send(notification: Notification, signal: AbortSignal): Promise<void>;
  close?(): Promise<void>;
}

/** The receiver has read it and does not want it: trying again would be of no use. */
export class RefusedNotification extends Error {
  override readonly name = "RefusedNotification";
}
