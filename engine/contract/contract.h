// What rows of a table must look like: value types only. Casting and checking: binding.h.
#pragma once

#include <arrow/type.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "base/status.h"

namespace millrace::contract {

enum class OnError { kReject, kSetNull, kFail };
enum class UnknownColumns { kDrop, kKeep, kFail };
enum class Trim { kNone, kBoth, kLeft, kRight };

/// Where a column's value comes from in one source: exactly one of the three.
struct ColumnFrom {
  std::string path;                     // column name or JSON path
  std::optional<std::string> constant;  // text, cast like any other value
  std::string expression;               // over the file's columns, see expr/
  SourceSpan span;
};

struct Column {
  std::string name;
  std::string type_text = "string";  // as declared, for messages and the resolved config
  std::shared_ptr<arrow::DataType> type;
  bool is_json = false;                    // type json: utf8 that must be valid JSON
  std::map<std::string, ColumnFrom> from;  // by source name; "" is the rule for all others;
                                           // no entry: the column of the same name; when other
                                           // sources have entries, a file may lack it (null)
  bool optional = false;                   // a file may lack the column: null (kept columns)
  bool required = false;
  bool unique = false;
  bool sensitive = false;
  Trim trim = Trim::kNone;
  std::optional<std::string> default_value;
  std::vector<std::string> formats;  // for date, time, timestamp: strptime patterns, tried in order
  std::vector<std::string> null_values;  // texts that mean null, besides an absent value
  std::vector<std::string> true_values, false_values;  // empty: true/false (any case)
  std::vector<std::string> enum_values;
  std::optional<std::string> min, max;            // text of a value of the column's type
  std::optional<int64_t> length_min, length_max;  // code points of strings, elements of lists
  bool round = false;  // floats: take the nearest value when digits would be lost
  std::string regex;   // must match the whole value; RE2 syntax
  OnError on_error = OnError::kReject;
  std::string feature;  // what `datasets` calls it, as JSON; "": as its type says (features.h)
  SourceSpan span;      // of the column in the config
};

struct RejectLimits {
  std::optional<int64_t> max_rejects;
  std::optional<double> max_reject_fraction;
};

struct Contract {
  std::string name;  // "" for the short form
  int version = 1;
  UnknownColumns unknown_columns = UnknownColumns::kDrop;
  std::vector<Column> columns;
  bool inferred = false;
};

/// Parses "timestamp[us, UTC]", "decimal(10,2)", "list<int64>", "struct<a: int32, b: string>",
/// "json" (sets *is_json). The message of an error names the part that is wrong.
Result<std::shared_ptr<arrow::DataType>> ParseType(const std::string& text, bool* is_json);
/// The text ParseType reads back to the same type.
std::string TypeText(const arrow::DataType& type);

/// The column of `source` and of its rule for all others; null when the contract says nothing.
const ColumnFrom* FromOf(const Column& column, const std::string& source);

/// Columns of a file of `source` that the contract does not use, in file order. For
/// unknown_columns: keep, planning collects them over all files and fixes the stage's schema with
/// WithKeptColumns.
std::vector<std::string> UnknownColumnsOf(const Contract& contract, const std::string& source,
                                          const arrow::Schema& file_schema);
/// `contract` with one optional string column per name that it does not have yet, in order.
Contract WithKeptColumns(Contract contract, const std::vector<std::string>& names);

/// Field metadata of a sensitive column: this key with the value "true".
inline constexpr char kSensitiveKey[] = "millrace.sensitive";
/// The Arrow schema of rows that fulfil the contract, without reserved columns. Field metadata
/// marks sensitive columns.
std::shared_ptr<arrow::Schema> SchemaOf(const Contract& contract);

/// Checks that do not need data: types fit their rules (min of a bool, length of an int), texts of
/// default, min, max and enum cast to the type, regexes compile. All problems at once.
std::vector<Diagnostic> ValidateContract(const Contract& contract);

}  // namespace millrace::contract
