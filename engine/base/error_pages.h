// What every error code means and what to do about it: the table behind docs/errors/ and `millrace
// explain`.
//
// Thread-safety: immutable after the first call.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error_codes.h"

namespace millrace {

struct ErrorPage {
  ErrorCode code = ErrorCode::kBug;
  std::string_view meaning;  // a paragraph
  std::string_view example;  // as a terminal shows it
  std::string_view remedy;   // a paragraph
};

/// By number; one for every code of error_codes.h.
const std::vector<ErrorPage>& ErrorPages();
const ErrorPage& ErrorPageOf(ErrorCode code);

/// "MR1203", "mr1203" or "1203"; nothing for what is no code.
std::optional<ErrorCode> ReadErrorCode(std::string_view text);

/// The page as Markdown, as it stands in docs/errors/MR1203.md.
std::string ErrorPageMarkdown(const ErrorPage& page);
/// docs/errors/README.md: all codes with their summaries.
std::string ErrorIndexMarkdown();

}  // namespace millrace
