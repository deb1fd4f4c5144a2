/** Installs those of Debian's packages that are missing. */
export function installDebianPackages(wanted: readonly string[]): void;
