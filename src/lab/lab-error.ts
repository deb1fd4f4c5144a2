export type LabErrorCode =
  | "lab.notRoot"
  | "lab.idTaken"
  | "lab.noSuchLab"
  | "lab.inUse"
  | "lab.noSuchHost"
  | "lab.hostDown"
  | "lab.command"
  | "lab.processEnded"
  | "lab.noProgram"
  | "lab.apiChoice"
  | "lab.noIpvs"
  | "lab.image"
  | "lab.cni"
  | "lab.timeout";

/** Something that the lab could not do; `message` names the object, and what would be right where that is known. */
export class LabError extends Error {
  readonly code: LabErrorCode;

  constructor(code: LabErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "LabError";
    this.code = code;
  }
}
