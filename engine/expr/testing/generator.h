// Random rows and random expressions over them, all of the right types.
#pragma once

#include <cmath>
#include <limits>

#include "expr/testing/oracle.h"

namespace millrace::expr::testing {

/// What an expression is wanted to give; timestamps with and without a zone do not mix.
enum class Want { kBool, kInt, kFloat, kText, kDate, kTime, kInstant, kLocal, kDecimal };
inline constexpr int kWants = 9;

struct Column {
  std::string name;  // as it is written
  Want want;
  std::shared_ptr<arrow::DataType> type;
};

inline const std::vector<Column>& Columns() {
  static const std::vector<Column> columns = {
      {"b", Want::kBool, arrow::boolean()},
      {"n", Want::kInt, arrow::int64()},
      {"small", Want::kInt, arrow::int8()},
      {"u", Want::kInt, arrow::uint64()},
      {"x", Want::kFloat, arrow::float64()},
      {"f", Want::kFloat, arrow::float32()},
      {"s", Want::kText, arrow::utf8()},
      {"doc.id", Want::kText, arrow::utf8()},
      {"`odd ``name`", Want::kText, arrow::utf8()},
      {"day_", Want::kDate, arrow::date32()},
      {"seconds", Want::kTime, arrow::time32(arrow::TimeUnit::SECOND)},
      {"micros", Want::kTime, arrow::time64(arrow::TimeUnit::MICRO)},
      {"zoned", Want::kInstant, arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")},
      {"nanos", Want::kInstant, arrow::timestamp(arrow::TimeUnit::NANO, "Europe/Berlin")},
      {"wall", Want::kLocal, arrow::timestamp(arrow::TimeUnit::SECOND)},
      {"wall_ms", Want::kLocal, arrow::timestamp(arrow::TimeUnit::MILLI)},
      {"price", Want::kDecimal, arrow::decimal128(9, 2)},
      {"rate", Want::kDecimal, arrow::decimal128(12, 6)},
      {"huge", Want::kDecimal, arrow::decimal128(38, 4)},
      {"deep.s", Want::kText, arrow::utf8()},  // members of structs
      {"deep.more.n", Want::kInt, arrow::int64()},
  };
  return columns;
}

class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed) {}

  std::mt19937_64* random() { return &random_; }
  size_t Below(size_t bound) { return random_() % bound; }

  /// A value for a column, or null.
  Value Cell(const Column& column) {
    if (Below(5) == 0) return Null();
    Value value;
    value.kind = TypeOfColumn(*column.type)->kind;
    switch (column.want) {
      case Want::kBool:
        value.boolean = Below(2) == 0;
        break;
      case Want::kInt:
        return IntegerCell(column);
      case Want::kFloat:
        value.real = RealCell(column.type->id() == arrow::Type::FLOAT);
        break;
      case Want::kText:
        value.text = Word();
        break;
      case Want::kDecimal: {
        const auto& type = static_cast<const arrow::DecimalType&>(*column.type);
        value.decimal = Digits(type.precision());
        value.scale = type.scale();
        break;
      }
      default:
        MomentCell(*TypeOfColumn(*column.type), &value);
    }
    return value;
  }

  Sample Make(Want want, int depth) {
    if (depth <= 0 || Below(6) == 0) return Leaf(want);
    if (Below(5) == 0) return Control(want, depth - 1);
    switch (want) {
      case Want::kBool:
        return MakeBool(depth - 1);
      case Want::kInt:
        return MakeInt(depth - 1);
      case Want::kFloat:
        return MakeFloat(depth - 1);
      case Want::kText:
        return MakeText(depth - 1);
      case Want::kDecimal:
        return MakeDecimal(depth - 1);
      default:
        return MakeMoment(want, depth - 1);
    }
  }

 private:
  template <class T>
  T Pick(const std::vector<T>& from) {
    return from[Below(from.size())];
  }

  std::string Word() {
    static const std::vector<std::string> words = {"",
                                                   "a",
                                                   "Ab",
                                                   "üÉ b",
                                                   "7",
                                                   "-7",
                                                   "007",
                                                   "2.5",
                                                   "1e3",
                                                   "true",
                                                   "false",
                                                   "b'a",
                                                   "a7b7",
                                                   "12.340",
                                                   "-0.00",
                                                   "99999999999999999999",
                                                   " \t a\u3000",
                                                   "2026-11-21",
                                                   "2024-02-29",
                                                   "2023-02-29",
                                                   "13:05",
                                                   "13:05:07.25",
                                                   "24:00",
                                                   "2026-11-21T13:05:00Z",
                                                   "2026-11-21T13:05:00.000001+02:00",
                                                   "2026-11-21 13:05",
                                                   "0001-01-01T00:00:00",
                                                   "13:05:07.1234567"};
    return Pick(words);
  }

  Big Digits(int count_max) {
    std::string digits = Below(2) == 0 ? "-" : "";
    const size_t count = Below(3) == 0 ? static_cast<size_t>(count_max) : 1 + Below(4);
    for (size_t i = 0; i < std::min(count, static_cast<size_t>(count_max)); ++i) {
      digits += static_cast<char>('0' + (count > 30 && Below(2) ? 9 : Below(10)));
    }
    return Big::Of(digits);
  }

  int64_t SomeInteger() {
    switch (Below(4)) {
      case 0:
        return static_cast<int64_t>(random_() >> Below(64)) * (Below(2) == 0 ? 1 : -1);
      case 1:
        return Pick<int64_t>({INT64_MAX, INT64_MIN, INT64_MAX - 1, 0, 1, -1});
      default:
        return static_cast<int64_t>(Below(9)) - 2;
    }
  }

  Value IntegerCell(const Column& column) {
    Value value;
    value.kind = Kind::kInt;
    value.integer =
        column.type->id() == arrow::Type::INT8 ? static_cast<int8_t>(random_()) : SomeInteger();
    // Beyond 64 bits with a sign: the batch holds 2^63 there.
    if (column.type->id() == arrow::Type::UINT64 && value.integer < 0) {
      return Failure("expr.overflow");
    }
    return value;
  }

  double RealCell(bool narrow) {
    const double special[] = {0.0,
                              -0.0,
                              1.0,
                              0.5,
                              -2.5,
                              1e300,
                              9007199254740993.0,
                              std::numeric_limits<double>::infinity(),
                              std::nan("")};
    const double real =
        Below(2) == 0 ? special[Below(9)] : (static_cast<double>(Below(2000)) - 1000) / 16;
    return narrow ? static_cast<double>(
                        static_cast<float>(std::isfinite(real) ? std::fmod(real, 4096) : real))
                  : real;
  }

  void MomentCell(const Type& type, Value* value) {
    constexpr int64_t kDayMin = -719162, kDayMax = 2932896;  // years 1 to 9999
    int64_t days = kDayMin + static_cast<int64_t>(Below(static_cast<size_t>(kDayMax - kDayMin)));
    if (type.unit == arrow::TimeUnit::NANO || Below(2) == 0) {
      days = static_cast<int64_t>(Below(40000)) - 20000;
    }
    value->integer = days;
    if (type.kind == Kind::kDate) return;
    value->per_second = TicksPerSecond(type.unit);
    value->boolean = !type.zone.empty();
    int64_t ticks = static_cast<int64_t>(Below(86400)) * value->per_second;
    if (Below(2) == 0) ticks += static_cast<int64_t>(Below(static_cast<size_t>(value->per_second)));
    value->integer = ticks;
    if (type.kind == Kind::kTimestamp) value->integer += days * 86400 * value->per_second;
  }

  static Type Plain(Kind kind) {
    Type type;
    type.kind = kind;
    return type;
  }
  static Type TypeOfWant(Want want) {
    switch (want) {
      case Want::kBool:
        return Plain(Kind::kBool);
      case Want::kInt:
        return Plain(Kind::kInt);
      case Want::kFloat:
        return Plain(Kind::kFloat);
      case Want::kText:
        return Plain(Kind::kText);
      case Want::kDate:
        return Plain(Kind::kDate);
      case Want::kTime:
        return Plain(Kind::kTime);
      case Want::kDecimal:
        return DecimalType(38, 4);
      default: {
        Type type = Plain(Kind::kTimestamp);
        if (want == Want::kInstant) type.zone = "UTC";
        return type;
      }
    }
  }

  static Sample Call(std::string op, Type type, std::vector<Sample> arguments) {
    Sample sample;
    sample.op = std::move(op);
    sample.type = std::move(type);
    sample.arguments = std::move(arguments);
    return sample;
  }

  static Sample Literal(Value value, std::string written) {
    Sample sample;
    sample.op = "literal";
    sample.type = Plain(value.kind);
    if (value.kind == Kind::kDecimal) {
      const int digits = static_cast<int>(value.decimal.digits.size());
      sample.type = DecimalType(std::max({digits, value.scale, 1}), value.scale);
    }
    sample.literal = std::move(value);
    sample.written = std::move(written);
    return sample;
  }

  Sample TextLiteral(const std::string& text) {
    Value value;
    value.kind = Kind::kText;
    value.text = text;
    std::string written = "'";
    for (char c : text) written += c == '\'' ? std::string("''") : std::string(1, c);
    return Literal(value, written + "'");
  }

  Sample IntegerLiteral(int64_t integer) {
    Value value;
    value.kind = Kind::kInt;
    value.integer = integer;
    return Literal(value, std::to_string(integer));
  }

  // A number such as -12.50, which is exact beside a decimal.
  Sample DecimalLiteral() {
    Value value;
    value.kind = Kind::kDecimal;
    value.scale = static_cast<int>(1 + Below(3));
    value.decimal = Digits(6);
    std::string written = value.decimal.digits;
    while (written.size() <= static_cast<size_t>(value.scale)) written.insert(0, "0");
    written.insert(written.size() - static_cast<size_t>(value.scale), ".");
    if (value.decimal.negative) written.insert(0, "-");
    return Literal(value, written);
  }

  Sample RealLiteral() {
    Value value;
    value.kind = Kind::kFloat;
    value.real = Pick<double>({0.0, 0.5, -2.5, 1e300, -1e-3, 3.0, 9007199254740992.0});
    char text[64];
    std::string written(text, std::to_chars(text, text + sizeof text, value.real).ptr);
    if (written.find_first_of(".e") == std::string::npos) written += ".0";
    return Literal(value, written);
  }

  Sample FromColumn(Want want) {
    std::vector<const Column*> fitting;
    for (const Column& column : Columns()) {
      if (column.want == want) fitting.push_back(&column);
    }
    const Column& column = *Pick(fitting);
    Sample sample = Call("column", *TypeOfColumn(*column.type), {});
    sample.written = column.name;
    return sample;
  }

  Sample Leaf(Want want) {
    if (Below(2) == 0) return FromColumn(want);
    Value value;
    switch (want) {
      case Want::kBool:
        value.kind = Kind::kBool;
        value.boolean = Below(2) == 0;
        return Literal(value, value.boolean ? "true" : "false");
      case Want::kInt:
        return IntegerLiteral(SomeInteger());
      case Want::kFloat:
        return RealLiteral();
      case Want::kText:
        return TextLiteral(Word());
      case Want::kDate:
        return Call("date", TypeOfWant(want),
                    {TextLiteral(Pick<std::string>({"2026-11-21", "1969-12-31", "2024-02-29"}))});
      case Want::kTime:
        return Call("time", TypeOfWant(want),
                    {TextLiteral(Pick<std::string>({"00:00", "23:59:59.999999", "13:05"}))});
      case Want::kInstant:
        return Call("timestamp", TypeOfWant(want),
                    {TextLiteral(Pick<std::string>(
                        {"2026-11-21T13:05:00Z", "1969-12-31T23:59:59.5-01:30"}))});
      case Want::kLocal:
        return Call("local_timestamp", TypeOfWant(want),
                    {TextLiteral(Pick<std::string>({"2026-11-21T13:05", "1969-12-31 23:59:59"}))});
      default:
        return MakeDecimalCast(TextLiteral(Pick<std::string>({"9.99", "-0.5", "12", "x"})));
    }
  }

  Sample MakeDecimalCast(Sample of) {
    const int precision = Pick<int>({4, 12, 38}), scale = Pick<int>({0, 2, 3});
    return Call("decimal", DecimalType(precision, scale),
                {std::move(of), IntegerLiteral(precision), IntegerLiteral(scale)});
  }

  static Sample NullLiteral() { return Literal(Null(), "null"); }

  // The type that branches meet in.
  static Type Meet(const std::vector<Sample>& samples) {
    Type type;
    for (const Sample& sample : samples) type = *CommonType(type, sample.type);
    return type;
  }

  // A number beside what is wanted, where the two go together, and else another of the same.
  Sample Beside(Want want, int depth) {
    if (want == Want::kFloat && Below(3) == 0) return Make(Want::kInt, depth);
    if (want == Want::kDecimal && Below(3) == 0) return DecimalLiteral();
    if (want == Want::kDecimal && Below(3) == 0) return FromColumn(Want::kInt);
    return Make(want, depth);
  }

  Sample Control(Want want, int depth) {
    const std::string op = Pick<std::string>({"case", "if", "coalesce", "nullif", "try"});
    Sample first = Make(want, depth);
    if (op == "try") return Call(op, first.type, {first});
    if (op == "coalesce" || op == "nullif") {
      std::vector<Sample> values = {first, Beside(want, depth)};
      if (op == "coalesce" && Below(3) == 0) values.insert(values.begin() + 1, NullLiteral());
      return Call(op, Meet(values), values);
    }
    std::vector<Sample> values = {first, Below(4) == 0 ? NullLiteral() : Beside(want, depth)};
    std::vector<Sample> arguments = {Make(Want::kBool, depth), values[0]};
    if (op == "case" && Below(2) == 0) {
      values.push_back(Make(want, depth));
      arguments.push_back(Make(Want::kBool, depth));
      arguments.push_back(values.back());
    }
    arguments.push_back(values[1]);
    return Call(op, Meet(values), arguments);
  }

  Sample MakeBool(int depth) {
    const Type type = Plain(Kind::kBool);
    const Want want = static_cast<Want>(Below(kWants));
    const auto compared = [&] { return Below(8) == 0 ? NullLiteral() : Beside(want, depth); };
    switch (Below(9)) {
      case 8:
        return Call(
            Pick<std::string>({"like", "ilike"}), type,
            {Make(Want::kText, depth),
             TextLiteral(Pick<std::string>({"a%", "%7%", "_b", "", "%", "2026-__-%", "Ü%"}))});
      case 0:
        return Call(Pick<std::string>({"and", "or"}), type,
                    {Make(Want::kBool, depth), Make(Want::kBool, depth)});
      case 1:
        return Call("not", type, {Make(Want::kBool, depth)});
      case 2:
        return Call("is null", type, {Make(want, depth)});
      case 3: {
        std::vector<Sample> list = {Make(want, depth)};
        for (size_t i = 0; i < 1 + Below(3); ++i) list.push_back(compared());
        return Call("in", type, list);
      }
      case 4:
        return Call("between", type, {Make(want, depth), compared(), compared()});
      case 5:
        return Call(
            "bool", type,
            {Make(Pick<Want>({Want::kBool, Want::kInt, Want::kFloat, Want::kText, Want::kDecimal}),
                  depth)});
      case 6:
        return Call(Pick<std::string>({"starts_with", "ends_with", "contains", "regex_match"}),
                    type,
                    {Make(Want::kText, depth),
                     TextLiteral(Pick<std::string>({"a", "[0-9]+", "7", "2026", "^a", "a.*7"}))});
      default:
        return Call(Pick<std::string>({"=", "!=", "<", "<=", ">", ">="}), type,
                    {Make(want, depth), compared()});
    }
  }

  Sample MakeInt(int depth) {
    const Type type = Plain(Kind::kInt);
    switch (Below(9)) {
      case 6:
        return Call(Pick<std::string>({"quarter", "day_of_year", "week", "epoch"}), type,
                    {Make(Pick<Want>({Want::kDate, Want::kInstant, Want::kLocal}), depth)});
      case 7:
        return Call("days_between", type,
                    {Make(Pick<Want>({Want::kDate, Want::kInstant, Want::kLocal}), depth),
                     Make(Pick<Want>({Want::kDate, Want::kInstant, Want::kLocal}), depth)});
      case 8:
        return Call(Pick<std::string>({"position", "regex_count"}), type,
                    {Make(Want::kText, depth),
                     TextLiteral(Pick<std::string>({"a", "7", "b", "2026", "é", "[0-9]"}))});
      case 0:
        return Call(
            "int64", type,
            {Make(Pick<Want>({Want::kBool, Want::kInt, Want::kFloat, Want::kText, Want::kDecimal}),
                  depth)});
      case 1:
        return Call("length", type, {Make(Want::kText, depth)});
      case 2:
        return Call(Pick<std::string>({"negate", "abs"}), type, {Make(Want::kInt, depth)});
      case 3:
        return Call(Pick<std::string>({"year", "month", "day", "weekday"}), type,
                    {Make(Pick<Want>({Want::kDate, Want::kInstant, Want::kLocal}), depth)});
      case 4:
        return Call(Pick<std::string>({"hour", "minute", "second"}), type,
                    {Make(Pick<Want>({Want::kTime, Want::kInstant, Want::kLocal}), depth)});
      default:
        return Call(Pick<std::string>({"+", "-", "*", "%"}), type,
                    {Make(Want::kInt, depth), Make(Want::kInt, depth)});
    }
  }

  Sample MakeFloat(int depth) {
    const Type type = Plain(Kind::kFloat);
    const Want number = Pick<Want>({Want::kFloat, Want::kFloat, Want::kInt});
    switch (Below(5)) {
      case 0:
        return Call(
            "float64", type,
            {Make(Pick<Want>({Want::kBool, Want::kInt, Want::kFloat, Want::kText, Want::kDecimal}),
                  depth)});
      case 1:
        return Call(Pick<std::string>({"negate", "abs"}), type, {Make(Want::kFloat, depth)});
      case 2:
        return Call(Pick<std::string>({"round", "floor", "ceil"}), type, {Make(number, depth)});
      case 3:
        return Call("/", type, {Make(number, depth), Make(Want::kInt, depth)});
      default:
        return Call(Pick<std::string>({"+", "-", "*"}), type,
                    {Make(Want::kFloat, depth), Beside(Want::kFloat, depth)});
    }
  }

  Sample MakeText(int depth) {
    const Type type = Plain(Kind::kText);
    const auto text = [&] { return Make(Want::kText, depth); };
    const auto count = [&] { return Below(2) == 0 ? IntegerLiteral(2) : Make(Want::kInt, depth); };
    // What is allowed stays short: the oracle's regular expressions recurse with the text.
    const auto grown = [&] { return IntegerLiteral(Pick<int64_t>({-1, 0, 2, 5, INT64_MAX})); };
    switch (Below(10)) {
      case 6:
        if (Below(3) == 0) return Call("repeat", type, {text(), grown()});
        return Call(Pick<std::string>({"left", "right"}), type, {text(), count()});
      case 7: {
        // 0 is refused where it is written out.
        const Sample number = Below(2) == 0 ? IntegerLiteral(Pick<int64_t>({1, 2, 3, -1, -2}))
                                            : FromColumn(Want::kInt);
        return Call("split_part", type,
                    {text(), TextLiteral(Pick<std::string>({"a", "7", "-", ":0"})), number});
      }
      case 8: {
        std::vector<Sample> arguments = {text(), grown()};
        if (Below(2) == 0) arguments.push_back(TextLiteral(Pick<std::string>({"a", "éb"})));
        return Call(Pick<std::string>({"lpad", "rpad"}), type, arguments);
      }
      case 9:
        if (Below(3) == 0) {
          return Call("regex_replace", type,
                      {text(), TextLiteral("([0-9])"), TextLiteral("<\\1>")});
        }
        return Call(Pick<std::string>({"reverse", "strip_accents"}), type, {text()});
      case 0:
        return Call("||", type, {text(), text()});
      case 1:
        return Call("concat", type, {text(), text(), text()});
      case 2:
        return Call("substr", type,
                    Below(2) == 0
                        ? std::vector<Sample>{text(), Make(Want::kInt, depth)}
                        : std::vector<Sample>{text(), IntegerLiteral(2), Make(Want::kInt, depth)});
      case 3:
        if (Below(2) == 0)
          return Call("replace", type, {text(), TextLiteral("a"), TextLiteral("é7")});
        return Call("regex_extract", type, {text(), TextLiteral("(?P<d>[0-9]+)")});
      case 4:
        return Call(Pick<std::string>({"lower", "upper", "trim", "ltrim", "rtrim"}), type,
                    {text()});
      default:
        return Call("text", type, {Make(static_cast<Want>(Below(kWants)), depth)});
    }
  }

  Sample MakeMoment(Want want, int depth) {
    const char* name = want == Want::kDate      ? "date"
                       : want == Want::kTime    ? "time"
                       : want == Want::kInstant ? "timestamp"
                                                : "local_timestamp";
    std::vector<Want> from = {Want::kText, Want::kInstant, Want::kLocal,
                              want == Want::kTime ? Want::kTime : Want::kDate};
    Sample of = Make(Pick(from), depth);
    if (of.op == "literal") of = FromColumn(Want::kText);  // or it must be right as written
    return Call(name, MomentTypeByTheDocs(want, of.type), {of});
  }

  // Microseconds of texts and days, else the unit that is there.
  static Type MomentTypeByTheDocs(Want want, const Type& from) {
    Type type = TypeOfWant(want);
    if (want == Want::kDate) return type;
    if (from.kind == Kind::kTime || from.kind == Kind::kTimestamp) type.unit = from.unit;
    if (want == Want::kInstant && !from.zone.empty()) type.zone = from.zone;
    return type;
  }

  Sample MakeDecimal(int depth) {
    switch (Below(4)) {
      case 0:
        return MakeDecimalCast(
            Make(Pick<Want>({Want::kBool, Want::kInt, Want::kFloat, Want::kText, Want::kDecimal}),
                 depth));
      case 1: {
        const Sample of = Make(Want::kDecimal, depth);
        return Call(Pick<std::string>({"negate", "abs"}), of.type, {of});
      }
      default: {
        const std::string op = Pick<std::string>({"+", "-", "*"});
        const Sample a = Make(Want::kDecimal, depth), b = Beside(Want::kDecimal, depth);
        const auto product = DecimalProduct(a.type, b.type);
        if (op == "*" && product) return Call(op, *product, {a, b});
        return Call(op == "*" ? "-" : op, DecimalSum(a.type, b.type), {a, b});
      }
    }
  }

  std::mt19937_64 random_;
};

}  // namespace millrace::expr::testing
