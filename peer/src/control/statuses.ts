/** Which HTTP status a refusal has: one table, so that a code means the same on every path. */
import { type Code, isCode } from '@planetary-mesh/spec'

const CODES_BY_STATUS: Readonly<Record<number, readonly Code[]>> = {
  400: [
    'BLOCK_TOO_DEEP',
    'BLOCK_MALFORMED',
    'BLOCK_NOT_CANONICAL',
    'BLOCK_CID_MISMATCH',
    'BLOCK_VALUE_REFUSED',
    'CID_REFUSED',
    'DID_MALFORMED',
    'FILE_MALFORMED',
    'FILE_NAME_REFUSED',
    'KEY_REFUSED',
    'LIMIT_EXCEEDED',
    'MESSAGE_MALFORMED',
    'RECORD_KIND_MISMATCH',
    'RECORD_MALFORMED',
    'REQUEST_MALFORMED',
    'SIGNATURE_INVALID',
  ],
  401: ['CONTROL_TOKEN_REFUSED'],
  403: [
    'AUTHOR_MISMATCH',
    'CONTROL_ORIGIN_REFUSED',
    'NOT_PERMITTED',
    'QUOTA_EXCEEDED',
    'RATE_EXCEEDED',
    'ROLE_MISSING',
    'TOKEN_EXHAUSTED',
    'TOKEN_EXPIRED',
    'TOKEN_HOLDER_MISMATCH',
    'TOKEN_ISSUER_UNKNOWN',
    'TOKEN_SCOPE_MISMATCH',
    'TOKEN_TYPE_MISMATCH',
  ],
  404: ['BLOCK_MISSING', 'JOB_UNKNOWN', 'REQUEST_UNKNOWN'],
  405: ['METHOD_REFUSED'],
  408: ['REQUEST_TIMEOUT'],
  413: ['BLOCK_TOO_LARGE', 'FILE_TOO_LARGE', 'REQUEST_TOO_LARGE'],
  415: ['MEDIA_REFUSED'],
  500: ['NODE_FAULT', 'JOURNAL_CORRUPT'],
  502: ['PEER_AWAY'],
  503: ['LEDGER_AWAY', 'OVERLOADED', 'STORE_CLOSED'],
  507: ['STORE_FULL'],
}

const STATUS_BY_CODE = new Map(
  Object.entries(CODES_BY_STATUS).flatMap(([status, codes]) =>
    codes.map((code) => [code, Number(status)] as const),
  ),
)

/** Well made, but the log says otherwise. */
const CONFLICT = 409
const BAD_GATEWAY = 502

/** What is said of blocks and records that were read here, not sent. */
const isOfContent = (code: Code) => /^(BLOCK|FILE|RECORD|SIGNATURE)_/.test(code)

/** The status of a refusal: of a reading request (GET, HEAD), or of one that brings something. */
export function statusOf(code: Code, isReading: boolean): number {
  const status = STATUS_BY_CODE.get(code) ?? CONFLICT
  return isReading && status !== 404 && isOfContent(code) ? BAD_GATEWAY : status
}

/** Every status that a request can be refused with, for people who write clients. */
export const REFUSED_STATUSES: ReadonlyMap<number, readonly Code[]> = new Map(
  Object.entries({ ...CODES_BY_STATUS, [CONFLICT]: [] }).map(([status, codes]) => [
    Number(status),
    codes.filter(isCode),
  ]),
)
