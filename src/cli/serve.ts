import { Command } from "commander";
import { DONE, setAction } from "./action.ts";
import { addExamples } from "./examples.ts";
import { addSettings } from "./setting-options.ts";

/** `clickstream serve`: the page and the API over results that are there. */
export function serveCommand(): Command {
  const command = new Command("serve").description(
    "serve the page and the API over the results of run or process, whichever engine wrote them",
  );
  addSettings(command, "serve");
  addExamples(command, [
    ["serve --output output", "at http://127.0.0.1:8080, until Ctrl-C"],
    ["serve --http 0.0.0.0:80 --http-token-file token.txt", "for others, who need the token"],
  ]);
  return setAction(command, "serve", async (context) => {
    const { serve } = await import("../app/serve.ts");
    await serve(context);
    return DONE;
  });
}
