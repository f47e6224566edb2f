import type { Context } from "./context.ts";
import { withLifecycle } from "./lifecycle.ts";
import { aborted } from "./stop-signals.ts";
import { serveOutput } from "./web/web-part.ts";

/** The page and the API over an output tree, until Ctrl-C. @throws ClickstreamError when it can't listen */
export async function serve(context: Context): Promise<void> {
  await withLifecycle(context, async (lifecycle) => {
    await lifecycle.start(
      "page",
      () => serveOutput(context),
      (part) => part.stop(),
    );
    await aborted(context.stopRequested);
  });
}
