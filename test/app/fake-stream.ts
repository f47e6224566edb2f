import { Writable } from "node:stream";

/** A stream that keeps what is written, posing as a terminal or not. */
export function fakeStream(options: { isTTY: boolean; columns?: number }): {
  stream: NodeJS.WriteStream;
  written: () => string;
} {
  let text = "";
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += chunk;
      done();
    },
  });
  Object.assign(stream, options);
  return { stream: stream as unknown as NodeJS.WriteStream, written: () => text };
}
