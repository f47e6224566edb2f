import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type Relation as RelationMessage, RelationSchema } from "./generated/spark/connect/relations_pb.js";

/** A table in the making, as Spark's messages describe it. */
export type Relation = RelationMessage;

/** Any relation, by its message. */
export function relation(relType: MessageInitShape<typeof RelationSchema>["relType"] & object): Relation {
  return create(RelationSchema, { relType });
}

/** What a SELECT gives. */
export function sqlRelation(query: string): Relation {
  return relation({ case: "sql", value: { query } });
}

/** A source that is read on and on. Files need a schema, as in a CREATE TABLE, and the path of their folder. */
export function streamRelation(
  format: string,
  options: Readonly<Record<string, string>>,
  { schema, path }: { schema?: string; path?: string } = {},
): Relation {
  const files = {
    ...(schema === undefined ? {} : { schema }),
    ...(path === undefined ? {} : { paths: [path] }),
  };
  return relation({
    case: "read",
    value: { isStreaming: true, readType: { case: "dataSource", value: { format, options, ...files } } },
  });
}
