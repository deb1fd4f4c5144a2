import type { AddressFamily } from "../../net/index.ts";

/** One instruction of classic BPF: `struct sock_filter`, linux/filter.h. */
export interface FilterInstruction {
  readonly code: number;
  readonly ifTrue: number;
  readonly ifFalse: number;
  readonly operand: number;
}

/** BPF_LD | size | mode and so on, as bpf(4) of the BSDs names and numbers them. */
const code = {
  loadByte: 0x30,
  loadHalf: 0x28,
  loadHalfAtX: 0x48,
  loadIpHeaderLengthToX: 0xb1,
  jumpIfEqual: 0x15,
  jumpIfAnyBit: 0x45,
  return: 0x06,
} as const;

const udp = 17;
const fragmentOffset = 0x1fff;

/** Lets whole UDP packets to one of these ports through, and nothing else. Packets begin with their IP header. */
export function udpFilter(family: AddressFamily, ports: readonly number[]): FilterInstruction[] {
  const last = ports.length + 1;
  const portTests = ports.map((port, index) => {
    return { code: code.jumpIfEqual, ifTrue: ports.length - index, ifFalse: 0, operand: port };
  });
  const load = (what: number, operand: number) => ({ code: what, ifTrue: 0, ifFalse: 0, operand });
  const end = [load(code.return, 0), load(code.return, 0xffff)];
  if (family === 6) {
    const head = [load(code.loadByte, 6), { code: code.jumpIfEqual, ifTrue: 0, ifFalse: last, operand: udp }];
    return [...head, load(code.loadHalf, 42), ...portTests, ...end];
  }
  return [
    load(code.loadByte, 9),
    { code: code.jumpIfEqual, ifTrue: 0, ifFalse: last + 3, operand: udp },
    load(code.loadHalf, 6),
    { code: code.jumpIfAnyBit, ifTrue: last + 1, ifFalse: 0, operand: fragmentOffset },
    load(code.loadIpHeaderLengthToX, 0),
    load(code.loadHalfAtX, 2),
    ...portTests,
    ...end,
  ];
}
