// What the queue knows of whoever makes pictures: the port, not the process behind it.

import type { ControlMapFile } from './control.ts';
import type { PicturePolicy, PictureScores } from './pictureJudgement.ts';
import type { ModelCard, ResolvedRequest } from './request.ts';
import type { UpscalerCard } from './upscale.ts';

export interface DevelopTask {
  readonly jobId: string;
  readonly attempt: number;
  readonly request: ResolvedRequest;
  /** Absolute path of the start picture's bytes as they were uploaded or made; null for text-to-image. */
  readonly initImagePath: string | null;
  /** The same of the mask; null, as absent, for requests without one. */
  readonly maskPath?: string | null | undefined;
  /** The same of the pictures the request's controls follow, in their order; absent, as empty, without controls. */
  readonly controlPaths?: readonly string[] | undefined;
  /** The same of what the start picture was blended from, which is only judged; absent, as empty, where it is no blend. */
  readonly blendedPaths?: readonly string[] | undefined;
  /** Absolute folder, made by the worker; receives 0.png … and, for several pictures, grid.png, each fsynced and renamed into place. */
  readonly outputDir: string;
  /** Of the model, ten digits as recipes carry them; absent until they are known. */
  readonly modelHash?: string | undefined;
  /** Whether pictures in the making are shown; absent is no. */
  readonly previews?: boolean | undefined;
  /**
   * What the pictures a user sent are judged by before anything is computed: one that it refuses fails the task with `picture_refused`.
   * Pictures in the making are shown only where it allows them. Absent, or without a classifier: nothing is refused.
   */
  readonly sourcePolicy?: PicturePolicy | undefined;
}

export interface DevelopProgress {
  readonly jobId: string;
  /** Network steps done and to do, over all pictures of the job. */
  readonly stepsDone: number;
  readonly stepsTotal: number;
  /** WebP of what the pictures look like by now, 32 KiB at most; absent where there is no new one. */
  readonly preview?: Uint8Array | undefined;
}

/** A picture file the worker wrote. */
export interface DevelopedPicture {
  /** 0-based; GRID_INDEX for the grid. */
  readonly imageIndex: number;
  /** Name inside the task's outputDir. */
  readonly fileName: string;
  readonly sha256: string;
  readonly seed: number;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly sizeBytes: number;
  /** Of the first picture of a task with controls: the maps they were drawn by, one a control, in files beside the pictures. */
  readonly controlMaps?: readonly ControlMapFile[] | undefined;
  /** Absent where no classifier is installed, and of the grid, which is as bad as the worst picture in it. */
  readonly scores?: PictureScores | undefined;
}

export interface WorkerFacts {
  readonly pid: number;
  /** Execution provider in use, and in one line why. */
  readonly provider: string;
  readonly providerReason: string;
  readonly models: readonly ModelCard[];
  /** Models that were found and refused, with the reason. */
  readonly refused: readonly { readonly name: string; readonly reason: string }[];
  /** Model → its weight files, relative to the models folder, with slashes. */
  readonly modelFiles?: Readonly<Record<string, readonly string[]>> | undefined;
  /** Absent, as empty, where there are none. */
  readonly upscalers?: readonly UpscalerCard[] | undefined;
  /** The network that gives pictures their scores; null, as absent, where there is none. */
  readonly classifier?: string | null | undefined;
  /** Models whose own safety checker looks at their pictures; absent, as empty, for none. */
  readonly safetyCheckers?: readonly string[] | undefined;
}

export interface ImageWorker {
  /** Starts the process if need be; resolves after the handshake. @throws worker_crashed, worker_hung, config errors of the child. */
  ready(): Promise<WorkerFacts>;
  /**
   * What there is after another look at the folders of LoRAs and control networks; whoever computes at the moment answers when the network call is over.
   * Absent where nothing can be looked at again.
   */
  refresh?(): Promise<WorkerFacts>;
  /** Begins no network call for so many milliseconds from now where it computes on the processor others need; one under way goes on. */
  giveWay?(ms: number): void;
  /**
   * Makes the pictures of one task. Several calls may be in flight; their rows share network calls.
   * @throws cancelled when the signal aborts; picture_refused for a source its policy refuses; worker_crashed / worker_hung when the process is lost (it restarts by itself);
   * the child's own typed error otherwise.
   */
  develop(
    task: DevelopTask,
    onProgress: (progress: DevelopProgress) => void,
    signal: AbortSignal,
  ): Promise<readonly DevelopedPicture[]>;
  close(): Promise<void>;
}
