// Runs one pipeline to its end by itself, for callers with a single picture. Several pictures at once are the batcher's work.
import type { Answer, Ask } from './asks.ts';

/** Answers asks one after another until the pipeline returns. An error of `answer` is thrown inside the pipeline. */
export async function drive<T, A extends Ask = Ask>(
  pipeline: Generator<A, T, Answer>,
  answer: (ask: A) => Promise<Answer> | Answer,
): Promise<T> {
  let result = pipeline.next();
  while (!result.done) result = await resume(pipeline, answer, result.value);
  return result.value;
}

async function resume<T, A extends Ask>(
  pipeline: Generator<A, T, Answer>,
  answer: (ask: A) => Promise<Answer> | Answer,
  ask: A,
): Promise<IteratorResult<A, T>> {
  let answered: Answer;
  try {
    answered = await answer(ask);
  } catch (error) {
    return pipeline.throw(error);
  }
  return pipeline.next(answered);
}
