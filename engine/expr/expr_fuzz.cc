// Whatever the text: parsing and checking end in a value or in a problem that lies in the text.
#include <arrow/type.h>

#include <cstdint>
#include <string>

#include "expr/expression.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using millrace::expr::Expression;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto expression = Expression::Parse(text);
  const auto schema =
      arrow::schema({arrow::field("s", arrow::utf8()), arrow::field("n", arrow::int64())});
  const millrace::Status status =
      expression.ok() ? expression->TypeCheck(*schema).status() : expression.status();
  for (const millrace::Diagnostic& problem : millrace::DiagnosticsOf(status)) {
    MILLRACE_CHECK(problem.code == millrace::ErrorCode::kBadExpression);
    MILLRACE_CHECK(problem.span.column >= 1);
    MILLRACE_CHECK(problem.span.column <= static_cast<int>(size) + 1);
  }
  return 0;
}
