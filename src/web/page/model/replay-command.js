/** What is safe on a command line without quotes. */
const PLAIN = /^[\w:.,/=@-]+$/;
const DEFAULT_TOPIC = "clickstream";

/**
 * Commands that list and replay dead letters of a reason.
 * @param {string} reason
 * @param {string | null} topic
 */
export function replayCommands(reason, topic) {
  const of = topic === null || topic === DEFAULT_TOPIC ? "" : ` --topic ${quoted(topic)}`;
  const field =
    /^(?:missing_field|wrong_type|empty_field):(.+)$/.exec(reason)?.[1] ?? /^unknown_(.+)$/.exec(reason)?.[1];
  const fix = field === undefined || field === "timestamp" ? "" : ` --fix ${quoted(`${field}=`)}VALUE`;
  return {
    show: `npx clickstream dlq show --reason ${quoted(reason)} --limit 5${of}`,
    replay: `npx clickstream dlq replay --reason ${quoted(reason)}${fix} --dry-run${of}`,
  };
}

/** As one word for a shell. @param {string} text */
function quoted(text) {
  return PLAIN.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
