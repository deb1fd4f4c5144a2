/** Debian packages that are missing of those that `list` names, one a line; throws where they cannot be had. */
export function installDebianPackages(list: string): void;
