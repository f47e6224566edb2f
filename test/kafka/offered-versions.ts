import { APIS, type OfferedVersions } from "../../src/kafka/api-versions.ts";
import { RequestWriter } from "../../src/kafka/request-writer.ts";

/** What a broker offers that speaks every version that this program speaks. */
export const ALL_VERSIONS: OfferedVersions = new Map(Object.values(APIS).map((api) => [api.key, api]));

/** The response frame of a broker that is asked for its versions. */
export function versionsFrame(correlationId: number, offered: OfferedVersions): Buffer {
  const writer = new RequestWriter().int32(0).int32(correlationId).int16(0);
  writer.compactArray([...offered], (_, [key, { oldest, newest }]) => {
    writer.int16(key).int16(oldest).int16(newest).noTaggedFields();
  });
  const frame = writer.int32(0).noTaggedFields().finish();
  frame.writeInt32BE(frame.length - 4, 0);
  return frame;
}
