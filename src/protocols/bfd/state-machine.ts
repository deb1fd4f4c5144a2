import type { Diagnostic, SessionState } from "./packet.ts";

export interface Transition {
  readonly state: SessionState;
  /** Why, as we tell the neighbour. */
  readonly diagnostic: Diagnostic;
}

const toInit: Transition = { state: "init", diagnostic: "none" };
const toUp: Transition = { state: "up", diagnostic: "none" };
const toDown: Transition = { state: "down", diagnostic: "neighbor-signaled-down" };

/** What §6.2 and §6.8.6 of RFC 5880 make of ours and the neighbour's state; a pair without an entry changes nothing. */
const transitions: Readonly<Record<SessionState, Readonly<Partial<Record<SessionState, Transition>>>>> = {
  "admin-down": {},
  down: { down: toInit, init: toUp },
  init: { "admin-down": toDown, init: toUp, up: toUp },
  up: { "admin-down": toDown, down: toDown },
};

/** The state machine of a session, where the event is the state that the neighbour tells; `undefined`: ours stays. */
export function transition(state: SessionState, remoteState: SessionState): Transition | undefined {
  return transitions[state][remoteState];
}
