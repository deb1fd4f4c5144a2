export { issueCertificate, pemOfKey, type KeyPair, type Subject } from "./certificate.ts";
