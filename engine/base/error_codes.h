// The stable codes of every error a user can see. A code never changes its meaning; a retired
// number is not given out again.
//
//   MR1xxx  user: the configuration or the command line is wrong
//   MR2xxx  data: rows, files or a data budget
//   MR3xxx  environment: disk, network, permissions, other processes
//   MR9xxx  bug: a check inside Millrace failed
#pragma once

#include <string>
#include <string_view>

namespace millrace {

enum class ErrorKind { kUser, kData, kEnvironment, kBug };

// X(name, number, kind, summary)
#define MILLRACE_ERROR_CODES(X)                                                              \
  X(YamlSyntax, 1001, kUser, "the file is not valid YAML or JSON")                           \
  X(UnsupportedVersion, 1002, kUser, "the config's version is not supported")                \
  X(BadParameter, 1003, kUser, "a parameter is unknown, missing or malformed")               \
  X(WrongType, 1201, kUser, "a value has the wrong type")                                    \
  X(MissingKey, 1202, kUser, "a required key is missing")                                    \
  X(UnknownKey, 1203, kUser, "a key is not known here")                                      \
  X(DuplicateName, 1204, kUser, "a name is given twice")                                     \
  X(BadValue, 1205, kUser, "a value is outside what is allowed")                             \
  X(UnknownReference, 1206, kUser, "a name refers to nothing")                               \
  X(SecretInClear, 1207, kUser, "a secret is written in clear")                              \
  X(UnresolvedReference, 1208, kUser, "a ${env:...} or ${file:...} reference has no value")  \
  X(BadExpression, 1301, kUser, "an expression cannot be parsed or has the wrong type")      \
  X(MissingColumn, 1401, kUser, "a column the contract names is not in the data")            \
  X(UnknownColumn, 1402, kUser, "the data has a column that the contract forbids")           \
  X(UnreadablePath, 1501, kUser, "a path cannot be read or matches nothing")                 \
  X(ReleaseExists, 1502, kUser, "the export's target holds another release")                 \
  X(UnknownDialect, 1503, kUser, "the format of a file cannot be told with confidence")      \
  X(OperatorFailed, 1504, kUser, "an operator in Python raised an exception")                \
  X(HookRaised, 1505, kUser, "a hook in Python raised an exception")                         \
  X(NoDataset, 1506, kUser, "a dataset that a source reads is not there")                    \
  X(NotCommitted, 1601, kUser, "a stage that is to be built on is not committed")            \
  X(PluginFault, 1602, kUser, "a plug-in cannot be used or breaks what it promises")         \
  X(Usage, 1901, kUser, "the command line is wrong")                                         \
  X(RejectBudget, 2001, kData, "more rows were rejected than the limits allow")              \
  X(ColumnFailed, 2002, kData, "a value broke a rule whose on_error is fail")                \
  X(FileChanged, 2003, kData, "an input file changed while it was read")                     \
  X(CorruptFile, 2004, kData, "a file's container is damaged")                               \
  X(ModelContract, 2005, kData, "the rows do not meet the model's contract")                 \
  X(ReleaseChanged, 2006, kData, "a release is not the one that its card describes")         \
  X(DatasetFailed, 2007, kData, "a dataset cannot be read, or gives other rows than it has") \
  X(IoFailed, 3001, kEnvironment, "reading or writing failed")                               \
  X(DiskFull, 3002, kEnvironment, "no space is left")                                        \
  X(PermissionDenied, 3003, kEnvironment, "the operating system refused access")             \
  X(WorkspaceBusy, 3004, kEnvironment, "another run is active in this workspace")            \
  X(MemoryLimit, 3005, kEnvironment, "the memory limit is too small for this work")          \
  X(WorkspaceDamaged, 3006, kEnvironment, "a stored file is missing or its hash is wrong")   \
  X(WorkerLost, 3007, kEnvironment, "a worker process ended before its work was done")       \
  X(HookFailed, 3008, kEnvironment, "a hook that is required failed")                        \
  X(Bug, 9001, kBug, "a check inside Millrace failed")                                       \
  X(RowEquation, 9002, kBug, "rows are not accounted for")

enum class ErrorCode : int {
#define X(name, number, kind, summary) k##name = number,
  MILLRACE_ERROR_CODES(X)
#undef X
};

/// "MR1203".
std::string FormatErrorCode(ErrorCode code);
ErrorKind KindOf(ErrorCode code);
std::string_view SummaryOf(ErrorCode code);
std::string_view ErrorKindName(ErrorKind kind);

}  // namespace millrace
