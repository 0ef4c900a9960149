/** What `build.mjs` puts in the place of the name. */
declare const WORKER_SOURCE: string;
