"""Uses a MongoDB server as an operator's script does: python3 client.py URI."""

import sys

import pymongo
from pymongo.errors import BulkWriteError, DuplicateKeyError, OperationFailure


def check(is_so, what):
    if not is_so:
        raise SystemExit("not so: " + what)


def refused(code, do):
    try:
        do()
    except OperationFailure as e:
        check(e.code == code, "code %s, not %s: %s" % (code, e.code, e))
        return e
    raise SystemExit("not refused with %d" % code)


def crud(db):
    box = db.box
    check(box.insert_many([{"_id": i, "n": i, "tags": ["a", i], "deep": {"x": i % 3}} for i in range(500)]).inserted_ids[-1] == 499, "insert")
    check(box.count_documents({"n": {"$gte": 490}}) == 10, "count")
    check(len(list(box.find({}, batch_size=50))) == 500, "batches")
    check([d["_id"] for d in box.find({"deep.x": 1}).sort("n", -1).skip(1).limit(2)] == [496, 493], "order")
    check(box.find_one({"tags": 7}, {"n": 1, "_id": 0}) == {"n": 7}, "projection")
    r = box.update_many({"deep.x": 0}, {"$inc": {"n": 1000}, "$set": {"deep.y": True}})
    check((r.matched_count, r.modified_count) == (167, 167), "update")
    refused(115, lambda: box.update_one({"_id": "new"}, {"$set": {"n": 1}}, upsert=True))
    check(sorted(box.distinct("deep.x")) == [0, 1, 2], "distinct")
    groups = list(box.aggregate([{"$match": {"n": {"$lt": 1000}}}, {"$group": {"_id": "$deep.x", "n": {"$sum": 1}}}, {"$sort": {"_id": 1}}]))
    check(groups == [{"_id": 1, "n": 167}, {"_id": 2, "n": 166}], "groups %s" % groups)
    try:
        box.bulk_write([pymongo.InsertOne({"_id": 1}), pymongo.UpdateOne({"_id": 2}, {"$set": {"z": 1}}), pymongo.DeleteOne({"_id": 3})], ordered=False)
    except BulkWriteError as e:
        check(e.details["nModified"] == 1 and e.details["nRemoved"] == 1 and e.details["writeErrors"][0]["keyValue"] == {"_id": 1}, str(e.details))
    check(box.delete_many({"deep.x": 2}).deleted_count == 166, "delete")


def indexes(db):
    box = db.box
    plan = box.find({"n": 7}).explain()
    check(plan["queryPlanner"]["winningPlan"]["stage"] == "COLLSCAN" and plan["executionStats"]["totalDocsExamined"] == 333, str(plan))
    check(box.create_index([("n", 1), ("deep.x", -1)], unique=True) == "n_1_deep.x_-1", "create an index")
    plan = box.find({"n": 7}).explain()
    check(plan["queryPlanner"]["winningPlan"]["inputStage"]["indexName"] == "n_1_deep.x_-1" and plan["executionStats"]["totalDocsExamined"] == 1, str(plan))
    check(plan["queryPlanner"]["winningPlan"]["inputStage"]["indexBounds"]["n"] == ["[7, 7]"], str(plan))
    check(box.index_information()["n_1_deep.x_-1"]["unique"] is True, "indexes")
    try:
        box.insert_one({"n": 7, "deep": {"x": 1}})
        raise SystemExit("a duplicate was taken")
    except DuplicateKeyError as e:
        check(e.details["keyPattern"] == {"n": 1, "deep.x": -1}, str(e.details))
    refused(85, lambda: box.create_index([("n", 1), ("deep.x", -1)], name="other", unique=True))
    refused(86, lambda: box.create_index([("tags", 1)], name="n_1_deep.x_-1"))
    refused(27, lambda: box.drop_index("nothing"))
    box.drop_index("n_1_deep.x_-1")
    check(list(box.index_information()) == ["_id_"], "drop an index")


def transaction(client, db):
    with client.start_session() as session, session.start_transaction():
        db.box.insert_one({}, session=session)


def administration(client, db):
    check(client.server_info()["version"].startswith("7.0"), "version")
    check("box" in db.list_collection_names() and db.name in client.list_database_names(), "names")
    status = client.admin.command("serverStatus")
    check(status["connections"]["current"] > 0 and status["opcounters"]["insert"] >= 500, "status")
    check(db.command("dbStats")["objects"] >= 333 and db.command("collStats", "box")["nindexes"] == 1, "sizes")
    check(len(list(db.box.aggregate([{"$indexStats": {}}]))) == 1, "use of indexes")
    check(client.admin.command("currentOp")["inprog"][0]["command"]["currentOp"] == 1, "operations")
    refused(76, lambda: client.admin.command("replSetGetStatus"))
    refused(59, lambda: db.command("noSuchThing"))
    refused(13, lambda: db.command("listDatabases"))
    refused(2, lambda: list(db.box.find({"n": {"$noSuch": 1}})))
    db.command("profile", 2)
    list(db.box.find({"deep.x": 1}))
    check(db["system.profile"].find_one({"ns": db.name + ".box", "op": "query"})["planSummary"] == "COLLSCAN", "profile")
    check(db.command("profile", 0)["was"] == 2, "profile off")
    refused(20, lambda: transaction(client, db))
    db.box.rename("crate")
    check(db.crate.estimated_document_count() == 333, "rename")
    client.drop_database(db.name)
    check(db.name not in client.list_database_names(), "drop")


def main():
    client = pymongo.MongoClient(sys.argv[1], serverSelectionTimeoutMS=5000)
    db = client["runbook_client"]
    crud(db)
    indexes(db)
    administration(client, db)
    client.close()


main()
