// onnxruntime's Linux binaries report every session (names and hashes of models, the machine) to their maker unless they are told not to before
// they load. Nobody who runs this bot was asked, so nothing is sent; a test looks that this is imported before the package wherever it is.
// @source onnxruntime 1.29 release notes, POSIX telemetry: "suppressed by ORT_DISABLE_TELEMETRY"
process.env.ORT_DISABLE_TELEMETRY = '1';
