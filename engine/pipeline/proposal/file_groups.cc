#include "pipeline/proposal/file_groups.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "io/zip/zip_store.h"
#include "pipeline/config/walk.h"
#include "source/glob.h"
#include "source/sniff_format.h"
#include "source/url_list.h"

namespace millrace::pipeline {
namespace {

namespace fs = std::filesystem;

constexpr size_t kSourcesMax = 200;
constexpr size_t kNameBytesMax = 48;

using Files = std::vector<const CatalogFile*>;

// Wildcards as letters.
std::string Literal(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const bool wildcard = c == '*' || c == '?' || c == '[';
    out += wildcard ? '[' + std::string(1, c) + ']' : std::string(1, c);
  }
  return out;
}

std::string FolderOf(const std::string& key) {
  const size_t slash = key.rfind('/');
  return slash == std::string::npos ? "" : key.substr(0, slash + 1);
}

// ".csv.gz" of "a/b.csv.gz".
std::string ExtensionOf(const std::string& key) {
  const std::string name = key.substr(FolderOf(key).size());
  const size_t dot = name.find('.', 1);
  return dot == std::string::npos ? "" : name.substr(dot);
}

bool IsWithin(const std::string& path, const std::string& folder) {
  return path == folder || path.rfind(folder == "/" ? folder : folder + '/', 0) == 0;
}

std::string CommonPrefix(const std::vector<std::string>& texts) {
  std::string prefix = texts.front();
  for (const std::string& text : texts) {
    size_t i = 0;
    while (i < prefix.size() && i < text.size() && prefix[i] == text[i]) ++i;
    prefix.resize(i);
  }
  return prefix;
}

std::string CommonSuffix(std::vector<std::string> texts) {
  for (std::string& text : texts) std::reverse(text.begin(), text.end());
  std::string suffix = CommonPrefix(texts);
  std::reverse(suffix.begin(), suffix.end());
  return suffix;
}

/// Finds the paths of one group.
class Paths {
 public:
  Paths(const InputCatalog& catalog, const std::string& base_dir, const io::StorageOptions& storage)
      : catalog_(catalog), base_dir_(base_dir), storage_(storage), root_(RootText()) {}

  std::vector<std::string> Of(const Files& files) {
    std::vector<std::string> paths;
    Add(files, 0, &paths);
    return paths;
  }
  /// Files that no path names: their names hold what patterns cannot say.
  const Files& lost() const { return lost_; }

 private:
  // As the config writes it: relative where the config lies above or beside the data.
  std::string RootText() const {
    if (catalog_.is_url) return catalog_.root;
    const std::string relative =
        fs::path(catalog_.root).lexically_proximate(base_dir_).generic_string();
    const bool far = relative.rfind("../../..", 0) == 0;
    const std::string text = far ? catalog_.root : relative;
    return text == "." ? "" : text;
  }

  std::string Joined(const std::string& root, const std::string& rest) const {
    if (root.empty()) return rest.empty() ? "." : rest;
    if (rest.empty()) return root + '/';
    return root.back() == '/' ? root + rest : root + '/' + rest;
  }

  std::string Pattern(const std::string& pattern) const {
    return Joined(catalog_.is_url ? root_ : Literal(root_), pattern);
  }

  // Whether a source with this path reads these files, and of others only what is empty.
  bool Names(const std::string& path, const Files& files) const {
    const source::FormatOptions& format = files.front()->format;
    const auto found = catalog_.is_url ? source::ExpandUrl("s", path, storage_, format)
                                       : source::ExpandFiles("s", path, base_dir_, format);
    if (!found.ok()) return false;
    std::set<std::string> wanted;
    for (const CatalogFile* file : files) wanted.insert(Whole(catalog_.store, file->info.key));
    for (const io::FileInfo& file : found->files) {
      if (wanted.erase(Whole(found->store, file.key)) == 0 && file.bytes > 0) return false;
    }
    return wanted.empty();
  }

  std::string Whole(const std::shared_ptr<io::Store>& store, const std::string& key) const {
    return store->Describe() + '/' + key;
  }

  bool NamesOne(const CatalogFile& file, std::vector<std::string>* paths) const {
    const std::string& key = file.info.key;
    for (const std::string& path : {Joined(root_, key), Pattern(Literal(key))}) {
      if (!Names(path, {&file})) continue;
      paths->push_back(path);
      return true;
    }
    return false;
  }

  // Patterns within one folder, or one archive, and below.
  std::vector<std::string> Candidates(const Files& files) const {
    std::vector<std::string> archives, keys;
    for (const CatalogFile* file : files) {
      const io::ZipKey parts = io::SplitZipKey(file->info.key);
      archives.push_back(parts.member.empty() ? "" : parts.archive);
      keys.push_back(parts.member.empty() ? file->info.key : parts.member);
    }
    if (std::set<std::string>(archives.begin(), archives.end()).size() > 1) return {};
    const std::string before =
        archives.front().empty() ? "" : Literal(archives.front()) + std::string(io::kZipMark);
    const std::string folder = Literal(FolderOf(CommonPrefix(keys)));
    std::vector<std::string> names;
    for (const std::string& key : keys) names.push_back(key.substr(FolderOf(key).size()));
    const std::string extension = Literal(ExtensionOf(keys.front()));
    // Of a tree that the config lies in, a run's own files are a part.
    const bool tree = !catalog_.is_url && before.empty() && IsWithin(base_dir_, catalog_.root);
    // A pattern without the extension would take whatever comes to lie there later.
    const bool alike = std::all_of(names.begin(), names.end(), [&](const std::string& name) {
      return Literal(ExtensionOf(name)) == extension;
    });
    const auto whole = Joined(root_, FolderOf(CommonPrefix(keys)));
    if (!alike && (tree || !before.empty())) return {};
    if (!alike) return {whole};
    const std::string prefix = Literal(CommonPrefix(names)), suffix = Literal(CommonSuffix(names));
    std::vector<std::string> patterns;
    for (const std::string& between : {std::string(), std::string("**/"), std::string("*/")}) {
      if (tree && between == "**/") continue;
      patterns.push_back(between + "*" + extension);
      patterns.push_back(between + prefix + "*" + extension);
      patterns.push_back(between + prefix + "*" + suffix);
    }
    for (std::string& pattern : patterns) pattern = Pattern(before + folder + pattern);
    if (before.empty() && !tree) {
      patterns.insert(patterns.begin(), whole);
    }
    return patterns;
  }

  void Add(const Files& files, int depth, std::vector<std::string>* paths) {
    if (files.size() == 1) {
      if (!NamesOne(*files.front(), paths)) lost_.push_back(files.front());
      return;
    }
    // The archive as a whole, where one archive is all there is.
    const io::ZipKey parts = io::SplitZipKey(files.front()->info.key);
    if (!parts.member.empty() && Names(Joined(root_, parts.archive), files)) {
      paths->push_back(Joined(root_, parts.archive));
      return;
    }
    for (const std::string& path : Candidates(files)) {
      if (!Names(path, files)) continue;
      paths->push_back(path);
      return;
    }
    std::map<std::string, Files> pieces;
    for (const CatalogFile* file : files) pieces[Piece(file->info.key, depth)].push_back(file);
    for (const auto& [piece, members] : pieces) {
      if (paths->size() > kSourcesMax) return;
      Add(members, depth + 1, paths);
    }
  }

  // First by folder and extension, then by name without digits, then one by one.
  static std::string Piece(const std::string& key, int depth) {
    if (depth == 0) return FolderOf(key) + ExtensionOf(key);
    if (depth > 1) return key;
    std::string stem;
    for (const char c : key.substr(FolderOf(key).size())) {
      if (c < '0' || c > '9') stem += c;
    }
    return stem;
  }

  const InputCatalog& catalog_;
  const std::string& base_dir_;
  const io::StorageOptions& storage_;
  const std::string root_;
  Files lost_;
};

bool SameShape(const FileGroup& group, std::set<std::string>* shape, const CatalogFile& file) {
  const CatalogFile& first = *group.files.front();
  if (first.format_name != file.format_name) return false;
  if (first.format_name == "xml" && first.declaration != file.declaration) return false;
  const std::set<std::string> columns(file.columns.begin(), file.columns.end());
  if (!source::ColumnsVary(file.format)) {
    return columns == *shape && first.column_names == file.column_names;
  }
  size_t shared = 0;
  for (const std::string& column : columns) shared += shape->count(column);
  if (shared * 2 < std::min(columns.size(), shape->size())) return false;
  shape->insert(columns.begin(), columns.end());
  return true;
}

// "orders" of "2026/orders-0001.csv.gz" and its like.
std::string NameOf(const FileGroup& group, const InputCatalog& catalog) {
  std::vector<std::string> names;
  for (const CatalogFile* file : group.files) {
    const io::ZipKey parts = io::SplitZipKey(file->info.key);
    const std::string& key = parts.member.empty() ? file->info.key : parts.member;
    const std::string name = key.substr(FolderOf(key).size());
    names.push_back(name.substr(0, name.find('.', 1)));
  }
  std::string common = CommonPrefix(names);
  if (group.files.size() > 1) {
    const bool cut = names.front().size() > common.size();
    while (cut && !common.empty() && common.back() >= '0' && common.back() <= '9')
      common.pop_back();
  }
  while (!common.empty() &&
         (common.back() == '-' || common.back() == '_' || common.back() == '.')) {
    common.pop_back();
  }
  if (common.size() >= 2 || group.files.size() == 1) return AsName(common, "data");
  const std::string folder = fs::path(catalog.root).filename().string();
  return AsName(folder, "data");
}

}  // namespace

std::string AsName(const std::string& text, const std::string& otherwise) {
  std::string name;
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool fits = letter || (c >= '0' && c <= '9') || c == '_' || c == '-';
    if (name.empty() && !letter) continue;
    if (fits) name += c;
    if (!fits && name.back() != '_') name += '_';
    if (name.size() >= kNameBytesMax) break;
  }
  while (!name.empty() && (name.back() == '_' || name.back() == '-')) name.pop_back();
  return IsName(name) ? name : otherwise;
}

Result<std::vector<FileGroup>> GroupFiles(const InputCatalog& catalog, const std::string& base_dir,
                                          const io::StorageOptions& storage) {
  std::vector<FileGroup> groups;
  std::vector<std::set<std::string>> shapes;
  for (const CatalogFile& file : catalog.files) {
    size_t i = 0;
    while (i < groups.size() && !SameShape(groups[i], &shapes[i], file)) ++i;
    if (i == groups.size()) {
      groups.emplace_back();
      shapes.emplace_back(file.columns.begin(), file.columns.end());
    }
    groups[i].files.push_back(&file);
  }
  Paths paths(catalog, base_dir, storage);
  // `path`, `const` and `expr` mean something of their own under `from`.
  std::set<std::string> taken = {"path", "const", "expr"};
  size_t sources = 0;
  for (FileGroup& group : groups) {
    group.paths = paths.Of(group.files);
    sources += group.paths.size();
    const std::string stem = NameOf(group, catalog);
    group.name = stem;
    if (taken.count(group.name) > 0) group.name = stem + "_" + group.files.front()->format_name;
    for (int n = 2; taken.count(group.name) > 0; ++n) group.name = stem + "_" + std::to_string(n);
    taken.insert(group.name);
  }
  if (sources > kSourcesMax) {
    return MakeError(ErrorCode::kBadValue,
                     "the files have so many shapes that more than " + std::to_string(kSourcesMax) +
                         " sources would be needed",
                     "name a folder below, or a pattern, with fewer kinds of files");
  }
  return groups;
}

}  // namespace millrace::pipeline
