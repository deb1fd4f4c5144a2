export type MigrationErrorCode =
  /** Something in the cluster speaks against it; nothing was changed. */
  | "migration.hindered"
  /** A step was begun and did not come about in time; the cluster is as that step has left it. */
  | "migration.stuck"
  /** Services have other addresses than before. */
  | "migration.addresses"
  /** All that could be moved was. */
  | "migration.incomplete";

/** Why a cluster is not moved, or not all of it: the message names the objects, and what would be right. */
export class MigrationError extends Error {
  override readonly name = "MigrationError";
  readonly code: MigrationErrorCode;

  constructor(code: MigrationErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
