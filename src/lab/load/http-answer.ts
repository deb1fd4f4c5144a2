/** What has come of an answer so far. */
export type HttpAnswer =
  | { readonly state: "incomplete" }
  | { readonly state: "complete"; readonly status: number; readonly firstLine: string };

/**
 * Reads an HTTP/1.1 answer with a Content-Length, or one that ends with its connection (`atEnd`): all that the load
 * client meets. Chunked answers are complete at the end of the connection only (RFC 9112 §6.3).
 */
export function readAnswer(text: string, atEnd: boolean): HttpAnswer {
  const endOfHead = text.indexOf("\r\n\r\n");
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1];
  if (endOfHead < 0 || status === undefined) return { state: "incomplete" };
  const head = text.slice(0, endOfHead);
  const body = text.slice(endOfHead + 4);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  const complete = length === undefined ? atEnd : Buffer.byteLength(body) >= Number(length);
  if (!complete) return { state: "incomplete" };
  return { state: "complete", status: Number(status), firstLine: body.split("\n", 1)[0]?.trim() ?? "" };
}
