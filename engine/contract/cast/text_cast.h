// A column of texts to a column of a type: the one table of docs/casting.md, and the only place
// that knows it. Every format's values go through here unless they have the type already.
//
// Casts run straight over the text buffers into preallocated Arrow buffers; the first 8-byte loads
// of a value may reach into the next one, never past the buffer.
#pragma once

#include <arrow/array.h>
#include <arrow/type.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "contract/cast/cast_error.h"

namespace millrace::contract {

struct CastFailure {
  int64_t row = 0;
  CastError why = CastError::kNone;
};

struct CastResult {
  std::shared_ptr<arrow::Array> values;  // null where the text is null or failed
  std::vector<CastFailure> failures;     // ascending rows, each once
};

struct TextCastOptions {
  bool is_json = false;              // utf8 that must be valid JSON
  std::vector<std::string> formats;  // for date, time, timestamp; tried in order
  std::vector<std::string> true_values, false_values;
  bool round = false;  // for floats
};

/// Immutable, any thread.
class TextCast {
 public:
  virtual ~TextCast() = default;
  /// Fails only for want of memory.
  virtual Result<CastResult> Cast(const std::shared_ptr<arrow::StringArray>& texts) const = 0;
};

/// BadValue when the options do not fit the type or a time zone is not known to this machine.
Result<std::shared_ptr<const TextCast>> MakeTextCast(const std::shared_ptr<arrow::DataType>& type,
                                                     const TextCastOptions& options);

/// One value; the error in words that name neither the text nor the type.
Result<std::shared_ptr<arrow::Array>> CastOneText(const TextCast& cast, const std::string& text,
                                                  CastError* why);

/// For nested types: lists and structs read from JSON, element by element with the same table.
Result<std::shared_ptr<const TextCast>> MakeNestedCast(const std::shared_ptr<arrow::DataType>& type,
                                                       const TextCastOptions& options);
std::shared_ptr<const TextCast> MakeJsonCast();
Result<std::shared_ptr<const TextCast>> MakeTimeCast(const std::shared_ptr<arrow::DataType>& type,
                                                     const TextCastOptions& options);

}  // namespace millrace::contract
