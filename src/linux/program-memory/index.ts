export { canGiveBackProgram, giveBackProgram } from "./program-memory.ts";
