UPDATE account SET balance = balance - :amount WHERE id = :fromAccount;
SELECT :_new_id AS id
