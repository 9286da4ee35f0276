#include "pipeline/proposal/input_catalog.h"

#include <arrow/io/interfaces.h>
#include <arrow/util/utf8.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "io/object/store_url.h"
#include "io/zip/zip_store.h"
#include "pipeline/proposal/tell_format.h"
#include "source/glob.h"
#include "source/url_list.h"

namespace millrace::pipeline {
namespace {

namespace fs = std::filesystem;

// Of files whose names differ in digits alone so many are looked at, and of all so many.
constexpr size_t kRelativesLookedAt = 16;
constexpr size_t kFilesLookedAt = 1000;

bool IsHidden(const std::string& key) {
  return key[0] == '.' || key.find("/.") != std::string::npos;
}

// "2026/part-0042.csv" and "2025/part-7.csv" are relatives.
std::string FamilyOf(const std::string& key) {
  std::string family;
  for (const char c : key) {
    const bool digit = c >= '0' && c <= '9';
    if (digit && !family.empty() && family.back() == '#') continue;
    family += digit ? '#' : c;
  }
  return family;
}

Status NotThere(const std::string& path) {
  return MakeError(ErrorCode::kUnreadablePath, "there is no file or folder `" + path + "`",
                   "name a file, a folder, a pattern in quotes, or a URL");
}

class Cataloguer {
 public:
  explicit Cataloguer(const InputPlace& place) : place_(place) {}

  Result<InputCatalog> Run() {
    std::vector<io::FileInfo> files;
    if (io::IsUrl(place_.path)) {
      ARROW_RETURN_NOT_OK(ListUrl(&files));
    } else {
      ARROW_RETURN_NOT_OK(ListDisk(&files));
    }
    ARROW_RETURN_NOT_OK(OpenArchives(&files));
    ARROW_RETURN_NOT_OK(LookAt(files));
    if (catalog_.files.empty()) return Nothing();
    return std::move(catalog_);
  }

 private:
  Status ListDisk(std::vector<io::FileInfo>* files) {
    const fs::path whole = (fs::path(place_.base) / place_.path).lexically_normal();
    std::error_code error;
    const fs::file_status status = fs::status(whole, error);
    if (fs::is_directory(status)) {
      catalog_.root = whole.string();
      while (catalog_.root.size() > 1 && catalog_.root.back() == '/') catalog_.root.pop_back();
      catalog_.store = io::MakeLocalStore(catalog_.root);
      ARROW_ASSIGN_OR_RAISE(auto all, catalog_.store->List(""));
      for (io::FileInfo& file : all) {
        if (!IsHidden(file.key) && !IsExcept(file.key)) files->push_back(std::move(file));
      }
      return Status::OK();
    }
    if (fs::exists(status)) {
      if (!fs::is_regular_file(status)) {
        return MakeError(ErrorCode::kUnreadablePath,
                         "`" + place_.path + "` is neither a file nor a folder");
      }
      catalog_.root = whole.parent_path().string();
      catalog_.one_file = true;
      catalog_.store = io::MakeLocalStore(catalog_.root);
      return catalog_.store->Stat(whole.filename().string()).Value(&files->emplace_back());
    }
    if (!source::HasWildcard(place_.path)) return NotThere(place_.path);
    const source::GlobParts parts = source::SplitGlob(place_.path);
    const fs::path root = (fs::path(place_.base) / parts.root).lexically_normal();
    if (!fs::is_directory(root, error)) return NotThere(place_.path);
    catalog_.root = root.string();
    while (catalog_.root.size() > 1 && catalog_.root.back() == '/') catalog_.root.pop_back();
    catalog_.store = io::MakeLocalStore(catalog_.root);
    return ListPattern(parts.pattern, files);
  }

  // What runs of the config to be have written is no input of it.
  bool IsExcept(const std::string& key) const {
    const std::string whole = catalog_.root + '/' + key;
    return std::any_of(place_.except.begin(), place_.except.end(), [&](const std::string& path) {
      return whole == path || whole.rfind(path + '/', 0) == 0;
    });
  }

  Status ListPattern(const std::string& pattern, std::vector<io::FileInfo>* files) {
    ARROW_ASSIGN_OR_RAISE(auto all, catalog_.store->List(""));
    for (io::FileInfo& file : all) {
      if (source::GlobMatches(pattern, file.key) && !IsExcept(file.key)) {
        files->push_back(std::move(file));
      }
    }
    if (files->empty()) {
      return MakeError(ErrorCode::kUnreadablePath, "`" + place_.path + "` matches no file");
    }
    return Status::OK();
  }

  Status ListUrl(std::vector<io::FileInfo>* files) {
    catalog_.is_url = true;
    const std::string& url = place_.path;
    ARROW_ASSIGN_OR_RAISE(const io::StoreUrl parsed, io::ParseStoreUrl(url));
    const std::string origin = parsed.scheme + "://" + parsed.bucket;
    if (parsed.kind == io::StoreKind::kHttp || !source::HasWildcard(parsed.key)) {
      // An object, if there is one; any format does for the question.
      const auto one = source::ExpandUrl("s", url, place_.storage, io::CsvOptions());
      const bool object = one.ok() && one->files.size() == 1 && url.back() != '/' &&
                          url.substr(0, url.find('?')).ends_with("/" + one->files[0].key);
      if (parsed.kind == io::StoreKind::kHttp && !one.ok()) return one.status();
      if (object) {
        catalog_.one_file = true;
        catalog_.root = url.substr(0, url.find('?'));
        catalog_.root.resize(catalog_.root.size() - one->files[0].key.size() - 1);
        catalog_.store = one->store;
        *files = one->files;
        return Status::OK();
      }
      if (!one.ok() && KindOf(one.status()) == ErrorKind::kEnvironment) return one.status();
      catalog_.root = url;
      while (catalog_.root.back() == '/') catalog_.root.pop_back();
      ARROW_ASSIGN_OR_RAISE(catalog_.store, io::OpenUrl(catalog_.root, place_.storage));
      ARROW_ASSIGN_OR_RAISE(auto all, catalog_.store->List(""));
      for (io::FileInfo& file : all) {
        if (!IsHidden(file.key)) files->push_back(std::move(file));
      }
      if (!files->empty()) return Status::OK();
      return one.ok() ? NotThere(url) : one.status();
    }
    const source::GlobParts parts = source::SplitGlob(parsed.key);
    catalog_.root = io::JoinUrl(origin, parts.root);
    ARROW_ASSIGN_OR_RAISE(catalog_.store, io::OpenUrl(catalog_.root, place_.storage));
    return ListPattern(parts.pattern, files);
  }

  // Puts the members of zip archives into the place of the archives.
  Status OpenArchives(std::vector<io::FileInfo>* files) {
    if (catalog_.is_url) return Status::OK();
    const auto zip = std::make_shared<io::ZipStore>(catalog_.store);
    std::vector<io::FileInfo> opened;
    for (io::FileInfo& file : *files) {
      const Result<bool> archive = zip->IsArchive(file);
      if (!archive.ok() || !*archive) {
        opened.push_back(std::move(file));
        continue;
      }
      Result<std::vector<io::FileInfo>> members = zip->Members(file);
      if (!members.ok()) {
        if (catalog_.one_file) return members.status();
        LeaveOut(file.key, members.status());
        continue;
      }
      for (io::FileInfo& member : *members) {
        if (!IsHidden(io::SplitZipKey(member.key).member)) opened.push_back(std::move(member));
      }
      catalog_.one_file = false;
      catalog_.store = zip;
    }
    std::sort(opened.begin(), opened.end(),
              [](const io::FileInfo& a, const io::FileInfo& b) { return a.key < b.key; });
    *files = std::move(opened);
    return Status::OK();
  }

  Status LookAt(const std::vector<io::FileInfo>& files) {
    arrow::util::InitializeUTF8();
    std::map<std::string, std::vector<size_t>> families;
    for (size_t i = 0; i < files.size(); ++i) {
      if (arrow::util::ValidateUTF8(files[i].key)) {
        families[FamilyOf(files[i].key)].push_back(i);
      } else {
        seen_.insert(files[i].key);
        catalog_.left_out.push_back(
            {files[i].key, "its name is not UTF-8 and cannot be written in a config"});
      }
    }
    std::vector<std::optional<CatalogFile>> told(files.size());
    size_t looked_at = 0;
    for (const auto& [family, members] : families) {
      const size_t picks = std::min(members.size(), kRelativesLookedAt);
      const CatalogFile* first = nullptr;
      for (size_t pick = 0; pick < picks && looked_at < kFilesLookedAt; ++pick, ++looked_at) {
        const size_t i = members[pick * members.size() / picks];
        ARROW_RETURN_NOT_OK(Tell(files[i], &told[i]));
        if (told[i] && first == nullptr) first = &*told[i];
      }
      for (const size_t i : members) {
        if (told[i] || seen_.count(files[i].key) > 0) continue;
        if (first == nullptr) {
          catalog_.left_out.push_back({files[i].key, "not looked at: too many files"});
          continue;
        }
        CatalogFile relative = *first;
        relative.info = files[i];
        relative.looked_at = false;
        told[i] = std::move(relative);
      }
    }
    for (auto& file : told) {
      if (file) catalog_.files.push_back(*std::move(file));
    }
    return Status::OK();
  }

  Status Tell(const io::FileInfo& info, std::optional<CatalogFile>* told) {
    seen_.insert(info.key);
    Result<CatalogFile> file = TellFile(catalog_.store, info, catalog_.one_file);
    if (file.ok()) {
      *told = *std::move(file);
    } else if (catalog_.one_file) {
      return file.status();
    } else {
      LeaveOut(info.key, file.status());
    }
    return Status::OK();
  }

  void LeaveOut(const std::string& key, const Status& why) {
    catalog_.left_out.push_back({key, DiagnosticsOf(why).front().message});
  }

  Status Nothing() const {
    std::string why;
    for (size_t i = 0; i < catalog_.left_out.size() && i < 3; ++i) {
      why += (i == 0 ? "" : "; ") + catalog_.left_out[i].key + ": " + catalog_.left_out[i].why;
    }
    return MakeError(ErrorCode::kUnreadablePath, "there is nothing in `" + place_.path +
                                                     "` that can be read" +
                                                     (why.empty() ? std::string() : ": " + why));
  }

  const InputPlace& place_;
  InputCatalog catalog_;
  std::set<std::string> seen_;
};

}  // namespace

Result<InputCatalog> CatalogInputs(const InputPlace& place) { return Cataloguer(place).Run(); }

}  // namespace millrace::pipeline
