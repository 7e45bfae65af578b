// What is remembered of the files under the models folder, as one port; src/store keeps it. Paths are relative to the models folder, with
// slashes. A record speaks of the file only while size, time and inode are those it was read with.

export interface FileState {
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  /** 64 bits as text; a double holds 53. */
  readonly inode: string;
}

export interface KnownFile extends FileState {
  readonly path: string;
  /** Of the whole file, 64 lower-case hexadecimal digits. */
  readonly sha256: string;
  /** Of its tensors without the header, as recipes name LoRAs; null where nobody asked. */
  readonly dataSha256: string | null;
  /** Eight digits of a piece of the file, as recipes named models before 2023. */
  readonly oldHash: string;
}

export interface PulledFile {
  readonly path: string;
  readonly repository: string;
  /** The commit. */
  readonly revision: string;
  /** In the repository. */
  readonly file: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

export interface FileBook {
  known(path: string): KnownFile | undefined;
  all(): readonly KnownFile[];
  put(file: KnownFile): void;
  forget(path: string): void;
  pulled(): readonly PulledFile[];
  putPulled(files: readonly PulledFile[]): void;
  close(): void;
}

/** Whether a record made in one state still speaks of the file in another. */
export function isSameState(a: FileState, b: FileState): boolean {
  return a.sizeBytes === b.sizeBytes && a.modifiedMs === b.modifiedMs && a.inode === b.inode;
}
