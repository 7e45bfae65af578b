// Entry of the image process, forked by imageProcess.ts.
import { serve } from './serve.ts';

serve(process);
