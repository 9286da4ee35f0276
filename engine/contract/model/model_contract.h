// What the team that trains a model asks of the rows it is given: a list of requirements, each with
// an id, a sentence, a check and a threshold. Value types only. They judge a table that is made;
// they never change or reject a row, which is what contract.h does.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "contract/model/pii.h"

namespace millrace::contract {

/// Columns that must be there; a type as ParseType reads it, or "" for any.
struct FieldsCheck {
  std::vector<std::pair<std::string, std::string>> fields;
};

/// A row breaks it when one of the columns is null.
struct NullsCheck {
  std::vector<std::string> columns;
};

enum class LengthUnit { kCharacters, kBytes, kWords };
/// Texts, and lists by their elements. Null has no length and breaks nothing.
struct LengthCheck {
  std::string column;
  std::optional<int64_t> min, max;
  LengthUnit unit = LengthUnit::kCharacters;
};

/// kLanguage compares the first part of a language tag in any case ("de" allows "DE-at"), kLicence
/// whole tags in any case, kExact texts as they stand.
enum class ValueKind { kExact, kLanguage, kLicence };
/// Null is no allowed value.
struct ValuesCheck {
  std::string column;
  std::vector<std::string> allowed;
  ValueKind kind = ValueKind::kExact;
};

/// Rows that repeat an earlier one in all of `columns`; of all columns when empty. Null equals
/// null.
struct DuplicatesCheck {
  std::vector<std::string> columns;
  bool unique = false;  // written as `unique`: none is allowed
};

/// Rows with what looks like personal data in one of `columns`; of all text columns when empty.
struct PiiCheck {
  std::vector<std::string> columns;
  PiiKinds kinds = kAllPii;
};

/// Bytes are those of the committed files.
struct SizeCheck {
  std::optional<int64_t> min_rows, max_rows, min_bytes, max_bytes;
};

using Check = std::variant<FieldsCheck, NullsCheck, LengthCheck, ValuesCheck, DuplicatesCheck,
                           PiiCheck, SizeCheck>;

enum class OnUnmet { kWarn, kFail };

struct Requirement {
  std::string id, statement;
  std::string table;  // "" for the short form
  std::string type;   // as written: "nulls", "languages", ...
  Check check;
  double max_fraction = 0;  // of the rows may break it; of checks that count rows
  OnUnmet on_unmet = OnUnmet::kWarn;
};

struct ModelContract {
  std::string model, owner;
  std::string sha256;                    // of the canonical text
  std::vector<std::string> composition;  // columns whose values are counted
  std::vector<Requirement> requirements;
};

/// Whether the check counts rows that break it, against max_fraction.
bool CountsRows(const Check& check);
/// The columns the check reads, as named; empty where it takes all that fit.
std::vector<std::string> ColumnsOf(const Check& check);
/// The check in a few words, without its threshold: "`text` has 20 to 4,000 characters".
std::string CheckText(const Requirement& requirement);
/// "at most 1 % of the rows", "10,000 rows or more".
std::string ThresholdText(const Requirement& requirement);

}  // namespace millrace::contract
