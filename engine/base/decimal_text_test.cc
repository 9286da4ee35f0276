#include "base/decimal_text.h"

#include <doctest/doctest.h>

namespace millrace {

TEST_CASE("decimals are written with all their digits and no exponent") {
  CHECK(DecimalText("12345", 2) == "123.45");
  CHECK(DecimalText("-5", 2) == "-0.05");
  CHECK(DecimalText("0", 3) == "0.000");
  CHECK(DecimalText("-7", 0) == "-7");
  CHECK(DecimalText("1", 12) == "0.000000000001");
}

}  // namespace millrace
