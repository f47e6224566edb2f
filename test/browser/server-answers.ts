/** What is told of the open windows. */
export interface ProvisionalLike {
  windows: { queries: Record<string, { rows: Record<string, string | number>[] }> }[];
}

/** The first event `provisional` of the live stream. */
export async function firstProvisional(url: string): Promise<ProvisionalLike> {
  const stop = new AbortController();
  const response = await fetch(`${url}/api/live`, { signal: stop.signal });
  let text = "";
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const found = /event: provisional\ndata: (.*)\n\n/.exec(text);
    if (found === null) continue;
    stop.abort();
    return JSON.parse(found[1]!) as ProvisionalLike;
  }
  throw new Error("the stream ended");
}

/** Waits until something answers at an address. */
export async function untilAnswers(url: string): Promise<void> {
  for (let tried = 0; tried < 150; tried++) {
    if ((await fetch(url).catch(() => undefined))?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`${url} does not answer`);
}
