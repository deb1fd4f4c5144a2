import { addressOf, communityOf, localAsn, type Workload } from "./workload.ts";

const tableDumpV2 = 13;
const peerIndexTable = 1;
const ribIpv4Unicast = 2;

/** The routes of a workload as a file that GoBGP reads (RFC 6396 §4.3): the fastest way that it has. */
export function mrtOf(workload: Workload): Buffer {
  const records = [record(peerIndexTable, peers())];
  for (let index = 0; index < workload.prefixes; index++) records.push(record(ribIpv4Unicast, route(index, workload)));
  return Buffer.concat(records);
}

function record(subtype: number, body: Buffer): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(tableDumpV2, 4);
  head.writeUInt16BE(subtype, 6);
  head.writeUInt32BE(body.length, 8);
  return Buffer.concat([head, body]);
}

/** One peer, of a four-octet AS number, which the format wants. */
function peers(): Buffer {
  const body = Buffer.alloc(21);
  body.writeUInt32BE(0x0a000001, 0);
  body.writeUInt16BE(1, 6);
  body.writeUInt8(2, 8);
  body.writeUInt32BE(0x0a000001, 9);
  body.writeUInt32BE(0x0a000001, 13);
  body.writeUInt32BE(localAsn, 17);
  return body;
}

function route(index: number, workload: Workload): Buffer {
  const attributes = Buffer.from("400101024002004003040a000001c00804ffffffff", "hex"); // ORIGIN, AS_PATH, NEXT_HOP, COMMUNITIES
  attributes.writeUInt16BE(localAsn, attributes.length - 4);
  attributes.writeUInt16BE(communityOf(index, workload), attributes.length - 2);
  const head = Buffer.alloc(19);
  head.writeUInt32BE(index, 0);
  head.writeUInt8(32, 4);
  head.writeUInt32BE(addressOf(index), 5);
  head.writeUInt16BE(1, 9);
  head.writeUInt16BE(attributes.length, 17);
  return Buffer.concat([head, attributes]);
}
