// How the values that a filter looks at are spread, apart for the rows that pass it and for those
// that it is against. Bins are fixed, four to each doubling of a value, so that histograms of parts
// add up to that of the whole, in whatever order they come.
//
// Thread-safety: one thread; const calls from any.
#pragma once

#include <arrow/array.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace millrace::op {

class ValueHistogram {
 public:
  struct Rows {
    int64_t kept = 0, against = 0;
    bool operator==(const Rows&) const = default;
  };

  ValueHistogram() = default;
  /// `of`: the working name of the column or measure.
  explicit ValueHistogram(std::string of) : of_(std::move(of)) {}

  const std::string& of() const { return of_; }
  const Rows& without_number() const { return without_number_; }  // null, or no finite number
  /// By the bound of the bin that lies nearest to zero, ascending; 0 is a bin of its own.
  std::vector<std::pair<double, Rows>> Bins() const;

  void Add(double value, bool kept) { Count(&bins_[BinOf(value)], kept); }
  void AddNone(bool kept) { Count(&without_number_, kept); }
  /// REQUIRES: `other` is of the same column.
  void Add(const ValueHistogram& other);
  /// As they are stored.
  void AddBin(double bound, const Rows& rows);
  void AddWithoutNumber(const Rows& rows);

  /// Whether histograms can be made of columns of the type.
  static bool Takes(const arrow::DataType& type);
  /// The values of a column that Takes; rows with `skip` are left out.
  void AddColumn(const arrow::Array& values, const std::vector<bool>& against,
                 const std::vector<bool>& skip);

 private:
  static int32_t BinOf(double value);
  static double BoundOf(int32_t bin);
  static void Count(Rows* rows, bool kept) { ++(kept ? rows->kept : rows->against); }

  std::string of_;
  Rows without_number_;
  std::map<int32_t, Rows> bins_;
};

/// Adds each to the one of the same column, or behind the others.
void AddHistograms(const std::vector<ValueHistogram>& from, std::vector<ValueHistogram>* to);

}  // namespace millrace::op
