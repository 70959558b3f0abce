-- Moves money out of anybody's account. Who may call this is the operation's rule; see transfer_funds.sql for the rest.

-- expect: one else SAME_ACCOUNT
SELECT 1 AS ok WHERE :fromAccount <> :toAccount;

-- expect: 2 else ACCOUNT_NOT_FOUND
SELECT id FROM account WHERE id IN (:fromAccount, :toAccount);

-- expect: one else INSUFFICIENT_FUNDS
UPDATE account SET balance = balance - :amount WHERE id = :fromAccount AND balance >= :amount;

-- expect: one else ACCOUNT_NOT_FOUND
UPDATE account SET balance = balance + :amount WHERE id = :toAccount;

INSERT INTO transfer (id, from_account, to_account, amount, currency, created_at)
VALUES (:_new_id, :fromAccount, :toAccount, :amount, coalesce(:currency, 'EUR'), :_now)
RETURNING id;
