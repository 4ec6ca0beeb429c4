import { i32, string } from './codec.ts';
import { struct } from './struct-codec.ts';
import { type MessageHeader, messageTypes, ThriftWriter } from './wire.ts';

/** Types of Thrift's TApplicationException. */
export const applicationErrorTypes = {
  unknown: 0,
  unknownMethod: 1,
  invalidMessageType: 2,
  wrongMethodName: 3,
  badSequenceId: 4,
  missingResult: 5,
  internalError: 6,
  protocolError: 7,
} as const;

/** What a server answers when a method has no declared exception for a fault. */
export interface ApplicationError {
  readonly message?: string | undefined;
  readonly type?: number | undefined;
}

export const ApplicationError = struct<ApplicationError>('TApplicationException', [
  { id: 1, name: 'message', requiredness: 'optional', codec: string },
  { id: 2, name: 'type', requiredness: 'optional', codec: i32 },
]);

/** A frame with a message of the given header, whose body `write` writes. */
export function encodeMessage(header: MessageHeader, write: (writer: ThriftWriter) => void): Buffer {
  const writer = new ThriftWriter();
  writer.messageBegin(header);
  write(writer);
  return writer.toFrame();
}

export function encodeApplicationError(
  request: MessageHeader,
  type: keyof typeof applicationErrorTypes,
  message: string,
): Buffer {
  return encodeMessage({ ...request, type: messageTypes.exception }, (writer) =>
    ApplicationError.write(writer, { message, type: applicationErrorTypes[type] }),
  );
}
