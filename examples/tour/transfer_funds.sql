-- Moves money out of an account of the caller's own. One transaction: a refused statement undoes those before it.
-- Amounts and balances are whole cents.

-- expect: one else SAME_ACCOUNT
SELECT 1 AS ok WHERE :fromAccount <> :toAccount;

-- expect: 2 else ACCOUNT_NOT_FOUND
SELECT id FROM account WHERE id IN (:fromAccount, :toAccount);

-- `owner = NULL` holds for no row, so this is closed to callers without an identity as well.
-- expect: one else NOT_ACCOUNT_OWNER
SELECT id FROM account WHERE id = :fromAccount AND owner = :_caller_id;

-- expect: one else INSUFFICIENT_FUNDS
UPDATE account SET balance = balance - :amount WHERE id = :fromAccount AND balance >= :amount;

-- expect: one else ACCOUNT_NOT_FOUND
UPDATE account SET balance = balance + :amount WHERE id = :toAccount;

INSERT INTO transfer (id, from_account, to_account, amount, currency, created_at)
VALUES (:_new_id, :fromAccount, :toAccount, :amount, coalesce(:currency, 'EUR'), :_now)
RETURNING id;
