import type { Kind } from "../../resources/index.ts";
import type { ApiObject } from "../object.ts";
import type { Cause } from "../status.ts";
import type { Transaction } from "../store/store.ts";

/** What admission may look at and write to, in the transaction of the write that it is part of. */
export interface Admission {
  readonly transaction: Transaction;
  readonly nowMs: number;
}

/** How a kind differs from others in what a server does when it is written; absent means no or nothing. */
export interface Strategy {
  /** `metadata.generation` counts the changes of what a user wants. */
  readonly tracksGeneration?: boolean;
  /** An update must say which version it replaces. */
  readonly conditionalUpdate?: boolean;
  /** A PUT of an object that does not exist creates it. */
  readonly createOnUpdate?: boolean;
  /** A deletion is answered with the object, not with a Status. */
  readonly returnsDeleted?: boolean;
  /** A status given at creation is kept (by default it is dropped from kinds with the status subresource). */
  readonly createsWithStatus?: boolean;
  /** Fills in defaults that depend on other fields; runs before validation, on every write. */
  readonly defaults?: (object: ApiObject, old: ApiObject | undefined) => void;
  /** What is wrong with an object that meets its schema; `old` is the version that it replaces. */
  readonly validate?: (object: ApiObject, old: ApiObject | undefined) => Cause[];
  readonly validateStatus?: (object: ApiObject, old: ApiObject) => Cause[];
  /** Fills in what the server hands out; throws an `ApiError` when that cannot be had. Runs after validation. */
  readonly allocate?: (object: ApiObject, old: ApiObject | undefined, admission: Admission) => Cause[];
  /**
   * How long an object that is deleted stays, marked, until whoever runs it deletes it for good (with a period of 0);
   * absent for kinds that are deleted at once. `asked` is what the request says.
   */
  readonly gracePeriodSeconds?: (object: ApiObject, asked: number | undefined) => number;
  /** Why an object of this name may never be deleted. */
  readonly refusesDeletion?: (name: string) => string | undefined;
  /** Changes an object that is marked as deleted and stays for now. */
  readonly terminating?: (object: ApiObject) => void;
}

export type StrategyOf = (kind: Kind) => Strategy;
