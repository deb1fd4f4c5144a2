export { migrationOf, type Migration, type NodeMigration } from "./look.ts";
export { findInstallation, hindrances } from "./installation.ts";
export { move, type MoveOptions } from "./move.ts";
export { unreadObjects } from "./unread-objects.ts";
