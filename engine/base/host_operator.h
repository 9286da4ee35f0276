// Operators that the program around the engine brings along: functions and classes of a Python
// program. They speak as plug-ins do (millrace/plugin.h), and what they give is checked the same;
// but rows are handed to them with their owner, and errors have codes of their own.
//
// Thread-safety: any thread, several at once.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/status.h"

struct millrace_instance;
struct millrace_operator;
struct millrace_request;
struct millrace_result;

namespace millrace {

class HostOperator {
 public:
  virtual ~HostOperator() = default;
  /// Its name, kind, version and options; the functions of the entry are not called.
  virtual const millrace_operator& entry() const = 0;
  /// Of what it does: its source, and what else its results depend on.
  virtual const std::string& sha256() const = 0;
  /// It gets this many rows at once, counted from the first row of a split on, as far as operators
  /// before it have left them; never more, and never none.
  virtual int64_t batch_rows() const = 0;

  /// As `bind` and `release` of a plug-in.
  virtual Status Bind(const millrace_request& request, millrace_instance* instance) const = 0;
  virtual void Release(void* state) const = 0;
  /// As `apply`. `hide_values`: they read what must not be shown, so no message may quote a value.
  virtual Status Apply(const void* state, const std::shared_ptr<arrow::RecordBatch>& rows,
                       bool hide_values, millrace_result* result) const = 0;
};

/// By `entry:` of the config; an error says why there is none.
using HostOperators =
    std::function<Result<std::shared_ptr<const HostOperator>>(const std::string& entry)>;

}  // namespace millrace
