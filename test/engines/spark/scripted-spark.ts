// A Spark Connect server of a test's own: real HTTP/2 and gRPC on 127.0.0.1, answers by a script.
import { once } from "node:events";
import { createServer, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { ErrorInfoSchema } from "../../../src/engines/spark/connect/generated/google/rpc/error_details_pb.js";
import {
  type ExecutePlanRequest,
  type ExecutePlanResponseSchema,
  type ReattachExecuteRequest,
  type ReleaseExecuteRequest,
  SparkConnectService,
} from "../../../src/engines/spark/connect/generated/spark/connect/base_pb.js";

export type Response = MessageInitShape<typeof ExecutePlanResponseSchema>;
type Answers = AsyncIterable<Response> | Iterable<Response>;

export interface Script {
  version?: string;
  execute?(request: ExecutePlanRequest, context: HandlerContext): Answers;
  reattach?(request: ReattachExecuteRequest, context: HandlerContext): Answers;
  otherwise?: Partial<ServiceImpl<typeof SparkConnectService>>;
}

export interface ScriptedSpark extends AsyncDisposable {
  address: string;
  released: ReleaseExecuteRequest[];
  /** Requests by their method's name, in order. */
  asked: string[];
  /** Cuts every connection, as a server that dies. */
  cut(): void;
}

/** Starts the server. */
export async function scriptedSpark(script: Script = {}): Promise<ScriptedSpark> {
  const released: ReleaseExecuteRequest[] = [];
  const asked: string[] = [];
  const sessions = new Set<ServerHttp2Session>();
  const server = createServer(
    connectNodeAdapter({
      routes: (router) =>
        router.service(SparkConnectService, {
          analyzePlan: () => {
            asked.push("analyzePlan");
            const value = { version: script.version ?? "4.2.0" };
            return {
              serverSideSessionId: "server-session",
              result: { case: "sparkVersion" as const, value },
            };
          },
          async *executePlan(request, context) {
            asked.push("executePlan");
            yield* script.execute?.(request, context) ?? [complete("end")];
          },
          async *reattachExecute(request, context) {
            asked.push("reattachExecute");
            yield* script.reattach?.(request, context) ?? [complete("end")];
          },
          releaseExecute: (request) => {
            released.push(request);
            return {};
          },
          ...script.otherwise,
        }),
    }),
  );
  server.on("session", (session) => {
    sessions.add(session);
    session.on("error", () => {});
    session.on("close", () => sessions.delete(session));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const cut = () => {
    for (const session of sessions) session.destroy();
  };
  return {
    address: `sc://127.0.0.1:${(server.address() as AddressInfo).port}`,
    released,
    asked,
    cut,
    async [Symbol.asyncDispose]() {
      cut();
      server.close();
      await once(server, "close");
    },
  };
}

/** A response that carries nothing. */
export function progress(responseId: string): Response {
  return {
    responseId,
    serverSideSessionId: "server-session",
    responseType: { case: "executionProgress", value: {} },
  };
}

/** The last response of an execution. */
export function complete(responseId: string): Response {
  return {
    responseId,
    serverSideSessionId: "server-session",
    responseType: { case: "resultComplete", value: {} },
  };
}

/** An error as Spark sends it. */
export function sparkFailure(message: string, metadata: Record<string, string> = {}): ConnectError {
  const value = { reason: "org.apache.spark.SparkException", domain: "org.apache.spark", metadata };
  return new ConnectError(message, Code.Internal, undefined, [{ desc: ErrorInfoSchema, value }]);
}
