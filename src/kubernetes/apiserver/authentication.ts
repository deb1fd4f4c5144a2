import type { IncomingMessage } from "node:http";
import { TLSSocket } from "node:tls";
import type { Authority } from "./authority.ts";
import type { User } from "./request.ts";
import { ApiError } from "./status.ts";

/** What may be asked by anybody, as a real server's role system:public-info-viewer has it. */
const publicPaths = /^\/(?:healthz|livez|readyz|version)(?:\/|$)/;

const anonymous: User = { name: "system:anonymous", groups: ["system:unauthenticated"] };

/** Who asks, by a certificate or token of our own authority; throws 401 where it cannot be told and matters. */
export function authenticate(request: IncomingMessage, path: string, authority: Authority): User {
  if (publicPaths.test(path)) return anonymous;
  const user = userOfCertificate(request) ?? userOfToken(request, authority);
  if (user === undefined) throw new ApiError(401, "Unauthorized", "Unauthorized");
  return { ...user, groups: [...user.groups, "system:authenticated"] };
}

function userOfCertificate({ socket }: IncomingMessage): User | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const { subject } = socket.getPeerCertificate();
  // No certificate at all gives an empty object, whatever the types say.
  const { CN, O } = (subject as Partial<typeof subject> | undefined) ?? {};
  if (typeof CN !== "string") return undefined;
  return { name: CN, groups: O === undefined ? [] : [O].flat() };
}

function userOfToken({ headers }: IncomingMessage, authority: Authority): User | undefined {
  const [, token] = /^Bearer ([A-Za-z0-9_.-]+)$/.exec(headers.authorization ?? "") ?? [];
  return token === undefined ? undefined : authority.userOfToken(token);
}
