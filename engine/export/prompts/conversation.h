// The messages of a row in order, and what must hold of them.
// Thread-safety: TurnReader belongs to one thread; the rest is pure.
#pragma once

#include <arrow/record_batch.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "export/prompts/prompt_options.h"

namespace millrace::exporting {

enum class Role { kSystem, kUser, kAssistant };

struct Message {
  Role role = Role::kUser;
  std::string_view content;
  const char* part = "turns";  // which option it came from
};

/// "system", "user", "assistant"; ShareGPT says "system", "human", "gpt".
const char* RoleName(Role role, PromptShape shape);

/// The type of a conversation's column: a list of structs of two texts.
std::shared_ptr<arrow::DataType> ConversationType(PromptShape shape);

/// What is wrong with the columns of the turns, "" if nothing is.
std::string CheckTurns(const PromptTurns& turns, const arrow::Schema& schema);
std::vector<std::string> ColumnsOf(const PromptTurns& turns);

/// The turns of each row of a batch.
class TurnReader {
 public:
  /// REQUIRES: CheckTurns finds nothing. Keeps what it needs of the batch.
  static Result<std::unique_ptr<TurnReader>> Open(const PromptTurns& turns,
                                                  const arrow::RecordBatch& rows);
  virtual ~TurnReader() = default;
  /// Appends the row's turns; a sentence about what is wrong with them, or "".
  virtual std::string Append(int64_t row, std::vector<Message>* messages) const = 0;
};

/// A conversation is an optional system message, then user and assistant in turn, the last word
/// the assistant's. A sentence about what is wrong, or "".
std::string CheckOrder(const std::vector<Message>& messages);

}  // namespace millrace::exporting
